// The internet at the doors, and letters.
import { type Acts } from '../acts/acts.js';
import { SITE_ENDS, SITES } from '../names.js';
import type { Process } from '../simulation.js';
import { BROWSERS, DAY, docName, HOUR, isWorkday, type LifeOptions, S } from './common.js';

/** The internet at the doors: scanners, wrong passwords, search engines; nothing comes of it. */
export function* outside(acts: Acts, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random('outside');
  const doors = [...world.byRole('mail_server'), ...world.byRole('document_server')];
  const paths = [
    '/',
    '/robots.txt',
    '/owa/',
    '/autodiscover/autodiscover.xml',
    '/ecp/',
    '/wp-login.php',
    '/.env',
    '/admin/',
    '/login.aspx',
    '/owa/auth/logon.aspx',
    '/api/v1/status',
    '/documents/',
    '/favicon.ico',
    '/aspnet_client/',
    '/cgi-bin/luci',
    '/owa/auth/x.js',
    '/rpc/',
  ];
  for (;;) {
    const t = acts.now + (-Math.log(1 - r.next()) * DAY) / Math.max(0.5, 9 * o.scale);
    if (t >= o.end) return;
    yield t;
    const from = `198.${18 + r.below(2)}.${r.below(256)}.${1 + r.below(254)}`;
    const server = r.pick(doors);
    const agent = r.chance(0.5)
      ? r.pick(BROWSERS)
      : r.pick(['Mozilla/5.0', 'python-requests/2.28.1', 'curl/7.81.0', 'Go-http-client/1.1', 'masscan/1.3', '-']);
    if (r.chance(0.75)) {
      for (let i = 1 + r.below(6); i > 0; i--) {
        const path = r.pick(paths);
        acts.web(t + i * S, server, from, {
          method: r.chance(0.85) ? 'GET' : 'POST',
          path,
          agent,
          status:
            path === '/' || path.startsWith('/owa/auth')
              ? 200
              : path.startsWith('/owa') || path.startsWith('/ecp')
                ? 302
                : r.pick([404, 404, 403, 401, 500]),
          in: 200 + r.below(3000),
        });
      }
    } else {
      const p = r.pick(world.people);
      for (let i = 1 + r.below(4); i > 0; i--) {
        const jitter = r.next();
        acts.web(t + (i + 0.3 * jitter) * 2 * S, server, from, {
          method: 'POST',
          path: '/owa/auth.owa',
          agent,
          status: 302,
          in: 500,
          query: '-',
        });
        acts.logonFailed(t + (i + 0.3 * jitter) * 2 * S, server, p.name, from, 3, r.chance(0.5));
      }
    }
  }
}

/** Letters from outside and within, as the transport logs them. */
export function* correspondence(acts: Acts, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random('letters');
  const mail = world.byRole('mail_server')[0]!;
  const rate = world.people.length * 1.2 * o.scale;
  for (;;) {
    const t = acts.now + (-Math.log(1 - r.next()) * DAY) / Math.max(1, rate);
    if (t >= o.end) return;
    yield t;
    const hour = (acts.now % DAY) / HOUR;
    if ((hour < 6 || hour > 19 || !isWorkday(acts.now)) && r.chance(0.85)) continue;
    const to = r.pick(world.people);
    const from = r.chance(0.5)
      ? r.pick(world.people).mailbox
      : `${r.pick(SITES)}${r.below(90)}@${r.pick(SITES)}.${r.pick(SITE_ENDS)}`;
    const bytes = 4000 + r.below(900_000);
    const subject = docName(r).replaceAll('_', ' ');
    if (!from.endsWith(to.mailbox.split('@')[1]!))
      acts.tracking(t, mail, from, to.mailbox, subject, bytes, 'RECEIVE', acts.address(from));
    acts.tracking(t + S, mail, from, to.mailbox, subject, bytes, 'DELIVER', mail.ip);
  }
}
