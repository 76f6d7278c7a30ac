// Connections, names, requests to servers outside: what the sensor, the proxy and both hosts write of them.

import { EVENTS } from '../events.js';
import { type Host, type Proc, seeded } from '../world.js';
import { type Flow, isoText, S } from './common.js';
import { Records } from './records.js';

export class Network extends Records {
  readonly #sites = new Map<string, string>();

  port(host: Host): number {
    host.port += 1 + host.random.below(3);
    if (host.port > 65_500) host.port = 49152 + host.random.below(800);
    return host.port;
  }

  ipOf(h: Host | string): string {
    return typeof h === 'string' ? h : h.ip;
  }

  /** The address of a name outside; the same name has the same address. */
  address(name: string): string {
    let a = this.#sites.get(name);
    if (a === undefined) {
      const r = seeded(this.world.seed, `site ${name}`);
      a = `198.${18 + r.below(2)}.${r.below(256)}.${1 + r.below(254)}`;
      this.#sites.set(name, a);
    }
    return a;
  }

  /** One connection: the sensor's record, and the two hosts' own where their processes are known. Gives the source's port. */
  connect(
    t: number,
    from: Host | string,
    to: Host | string,
    dport: number,
    flow: Flow,
    by: { proc?: Proc | undefined; at?: Proc | undefined; port?: number | undefined } = {},
  ): { port: number; uid: string } {
    const port = by.port ?? (typeof from === 'string' ? 1025 + this.sensor.below(64_000) : this.port(from));
    const uid = this.uid();
    const src = this.ipOf(from);
    const dst = this.ipOf(to);
    // The sensor stands at the edge and before the servers: machines of one office see each other without it.
    const seen =
      typeof from === 'string' || typeof to === 'string' || from.role !== 'workstation' || to.role !== 'workstation';
    if (seen)
      this.zeek(
        'conn',
        'id.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes',
        'addr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount',
        t,
        [
          uid,
          src,
          port,
          dst,
          dport,
          dport === 53 ? 'udp' : 'tcp',
          flow.service ?? '-',
          flow.seconds.toFixed(6),
          Math.round(flow.bytesOut),
          Math.round(flow.bytesIn),
          'SF',
          typeof from === 'string' ? 'F' : 'T',
          typeof to === 'string' ? 'F' : 'T',
          0,
          'ShADadfF',
          4 + Math.ceil(flow.bytesOut / 1200),
          Math.round(flow.bytesOut * 1.04 + 200),
          4 + Math.ceil(flow.bytesIn / 1200),
          Math.round(flow.bytesIn * 1.04 + 200),
        ],
      );
    const record = (host: Host, proc: Proc, initiated: boolean): void => {
      this.sysmon(host, t + 0.05 * S + this.sensor.next() * 0.6 * S, EVENTS.sysmonNetwork, {
        ProcessGuid: proc.guid,
        ProcessId: proc.pid,
        Image: proc.image,
        User: proc.user,
        Protocol: dport === 53 ? 'udp' : 'tcp',
        Initiated: initiated,
        SourceIsIpv6: false,
        SourceIp: src,
        SourceHostname: typeof from === 'string' ? '-' : from.fqdn,
        SourcePort: port,
        SourcePortName: '-',
        DestinationIsIpv6: false,
        DestinationIp: dst,
        DestinationHostname: typeof to === 'string' ? '-' : to.fqdn,
        DestinationPort: dport,
        DestinationPortName: dport === 443 ? 'https' : dport === 445 ? 'microsoft-ds' : '-',
      });
    };
    if (typeof from !== 'string' && by.proc !== undefined) record(from, by.proc, true);
    if (typeof to !== 'string' && by.at !== undefined) record(to, by.at, false);
    return { port, uid };
  }

  /** A name looked up: by the host, at the controller's DNS. */
  dns(t: number, host: Host, name: string, answer: string, proc?: Proc): void {
    const r = this.sensor;
    const dc = this.world.byRole('domain_controller')[0]!;
    if (proc !== undefined)
      this.sysmon(host, t, EVENTS.sysmonDns, {
        ProcessGuid: proc.guid,
        ProcessId: proc.pid,
        QueryName: name,
        QueryStatus: answer === '' ? '9003' : '0',
        QueryResults: answer === '' ? '-' : `::ffff:${answer};`,
        Image: proc.image,
        User: proc.user,
      });
    this.zeek(
      'dns',
      'id.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqclass\tqclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected',
      'addr\tport\taddr\tport\tenum\tcount\tinterval\tstring\tcount\tstring\tcount\tstring\tcount\tstring\tbool\tbool\tbool\tbool\tcount\tvector[string]\tvector[interval]\tbool',
      t,
      [
        this.uid(),
        host.ip,
        49152 + r.below(16_000),
        dc.ip,
        53,
        'udp',
        r.below(65536),
        (0.001 + r.next() * 0.05).toFixed(6),
        name,
        1,
        'C_INTERNET',
        1,
        'A',
        answer === '' ? 3 : 0,
        answer === '' ? 'NXDOMAIN' : 'NOERROR',
        'F',
        'F',
        'T',
        'T',
        0,
        answer === '' ? '-' : answer,
        answer === '' ? '-' : '300.000000',
        'F',
      ],
    );
  }

  /** HTTPS to a server outside, by the proxy where there is one. Gives the address that it, or the proxy for it, went to. */
  https(
    t: number,
    host: Host,
    site: string,
    flow: Flow,
    proc: Proc,
    options: { agent?: string; direct?: boolean; address?: string; quiet?: boolean } = {},
  ): string {
    const proxy = this.world.byRole('proxy')[0];
    const address = options.address ?? this.address(site);
    const named = site !== address;
    if (this.world.proxied && proxy !== undefined && options.direct !== true) {
      this.connect(t, host, proxy, 3128, { ...flow, service: 'http' }, { proc });
      this.line(
        `${proxy.name}/squid`,
        proxy,
        t + flow.seconds * S,
        (u) => `evidence/${proxy.name}/var/log/squid/access-${isoText(u).slice(0, 7)}.log`,
        () => '',
        (u) =>
          `${(u / 1e6).toFixed(3)} ${String(Math.round(flow.seconds * 1000)).padStart(6)} ${host.ip} TCP_TUNNEL/200 ${Math.round(flow.bytesIn + flow.bytesOut)} CONNECT ${site}:443 ${proc.user.includes('\\') && !proc.user.startsWith('NT') ? proc.user.split('\\')[1]!.toLowerCase() : '-'} HIER_DIRECT/${address} -\n`,
      );
      this.connect(t + 0.01 * S, proxy, address, 443, { ...flow, service: 'ssl' });
      return address;
    }
    if (named && options.quiet !== true) this.dns(t - 0.04 * S, host, site, address, proc);
    const { port, uid } = this.connect(t, host, address, 443, { ...flow, service: 'ssl' }, { proc });
    this.zeek(
      'ssl',
      'id.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tversion\tcipher\tcurve\tserver_name\tresumed\tlast_alert\tnext_protocol\testablished',
      'addr\tport\taddr\tport\tstring\tstring\tstring\tstring\tbool\tstring\tstring\tbool',
      t + 0.03 * S,
      [
        uid,
        host.ip,
        port,
        address,
        443,
        'TLSv12',
        'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
        'x25519',
        named ? site : '-',
        this.sensor.chance(0.3) ? 'T' : 'F',
        '-',
        'h2',
        'T',
      ],
    );
    return address;
  }
}
