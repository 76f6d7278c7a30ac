// A dense log: two everyday Security events in turn, with values that vary as real ones do.
import { eventRecord, eventTemplates, type RecordSpec, value as v } from '../src/formats/evtx/index.js';
import { random } from '../src/range/random.js';

const provider = 'Microsoft-Windows-Security-Auditing';
const providerGuid = '{54849625-5478-4994-a5ba-3e3b0328c30d}';

export function* denseRecords(n: number): Generator<RecordSpec> {
  const outer = new Map();
  const process = eventTemplates(
    {
      provider,
      providerGuid,
      channel: 'Security',
      eventId: 4688,
      version: 2,
      task: 13312,
      data: [
        ['SubjectUserSid', 19],
        ['SubjectUserName', 1],
        ['SubjectDomainName', 1],
        ['SubjectLogonId', 21],
        ['NewProcessId', 21],
        ['NewProcessName', 1],
        ['TokenElevationType', 1],
        ['ProcessId', 21],
        ['CommandLine', 1],
        ['TargetUserSid', 19],
        ['TargetUserName', 1],
        ['TargetDomainName', 1],
        ['TargetLogonId', 21],
        ['ParentProcessName', 1],
        ['MandatoryLabel', 19],
      ],
    },
    outer,
  );
  const logon = eventTemplates(
    {
      provider,
      providerGuid,
      channel: 'Security',
      eventId: 4624,
      version: 2,
      task: 12544,
      data: [
        ['SubjectUserSid', 19],
        ['SubjectUserName', 1],
        ['SubjectDomainName', 1],
        ['SubjectLogonId', 21],
        ['TargetUserSid', 19],
        ['TargetUserName', 1],
        ['TargetDomainName', 1],
        ['TargetLogonId', 21],
        ['LogonType', 8],
        ['LogonProcessName', 1],
        ['AuthenticationPackageName', 1],
        ['WorkstationName', 1],
        ['LogonGuid', 15],
        ['TransmittedServices', 1],
        ['LmPackageName', 1],
        ['KeyLength', 8],
        ['ProcessId', 21],
        ['ProcessName', 1],
        ['IpAddress', 1],
        ['IpPort', 1],
      ],
    },
    outer,
  );
  const r = random(1);
  for (let i = 0; i < n; i++) {
    const user = `user${r.below(400)}`;
    const micros = 1.6e15 + i * 1e5;
    const computer = `HOST${r.below(300)}.corp.example`;
    yield i % 2 === 1
      ? eventRecord(process, {
          recordId: i + 1,
          micros,
          computer,
          data: [
            v.sid('S-1-5-18'),
            v.string('HOST$'),
            v.string('CORP'),
            v.hex64(0x3e7),
            v.hex64(r.below(65536)),
            v.string(
              `C:\\Windows\\System32\\${r.pick(['svchost', 'cmd', 'conhost', 'taskhostw', 'backgroundTaskHost'])}.exe`,
            ),
            v.string('%%1936'),
            v.hex64(r.below(9999)),
            v.string(`C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s Schedule ${r.below(1_000_000)}`),
            v.sid('S-1-0-0'),
            v.string(user),
            v.string('-'),
            v.hex64(0),
            v.string('C:\\Windows\\System32\\services.exe'),
            v.sid('S-1-16-16384'),
          ],
        })
      : eventRecord(logon, {
          recordId: i + 1,
          micros,
          computer,
          data: [
            v.sid('S-1-5-18'),
            v.string('HOST$'),
            v.string('CORP'),
            v.hex64(0x3e7),
            v.sid(`S-1-5-21-1004336348-1177238915-682003330-${1000 + r.below(400)}`),
            v.string(user),
            v.string('CORP'),
            v.hex64(r.below(1e9)),
            v.uint32(r.pick([2, 3, 5, 10])),
            v.string('Advapi  '),
            v.string('Negotiate'),
            v.string(`HOST${r.below(300)}`),
            v.guid('{00000000-0000-0000-0000-000000000000}'),
            v.string('-'),
            v.string('-'),
            v.uint32(0),
            v.hex64(0x2ac),
            v.string('C:\\Windows\\System32\\services.exe'),
            v.string(`10.1.${r.below(255)}.${r.below(255)}`),
            v.string(String(r.below(65535))),
          ],
        });
  }
}
