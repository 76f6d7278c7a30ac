// ATT&CK: which tactics a technique belongs to (v19's names), and which technique a finding is.

export const TACTICS: Readonly<Record<string, readonly string[]>> = {
  T1190: ['initial-access'],
  T1133: ['initial-access', 'persistence'],
  T1078: ['initial-access', 'persistence', 'privilege-escalation'],
  T1566: ['initial-access'],
  T1199: ['initial-access'],
  T1195: ['initial-access'],
  T1204: ['execution'],
  T1059: ['execution'],
  T1569: ['execution'],
  T1047: ['execution'],
  T1053: ['execution', 'persistence'],
  T1021: ['lateral-movement'],
  T1543: ['persistence'],
  T1547: ['persistence'],
  T1546: ['persistence'],
  T1505: ['persistence'],
  T1136: ['persistence'],
  T1098: ['persistence'],
  T1003: ['credential-access'],
  T1110: ['credential-access'],
  T1114: ['collection'],
  T1071: ['command-and-control'],
  T1041: ['exfiltration'],
  T1048: ['exfiltration'],
  T1567: ['exfiltration'],
  T1070: ['stealth'],
  T1562: ['defense-impairment'],
};
export const PHASES: Readonly<Record<string, string>> = {
  T1003: 'credential-access',
  T1110: 'credential-access',
  T1569: 'execution',
  T1204: 'execution',
};
export const MAIL_TECHNIQUE: Readonly<Record<string, string>> = {
  export: 'T1114.002',
  impersonation: 'T1114.002',
  delegate: 'T1098.002',
  owner_session: 'T1114.002',
  search: 'T1114.002',
};
export const TRACE_TECHNIQUE: Readonly<Record<string, string>> = {
  log_cleared: 'T1070.001',
  record_gap: 'T1070.001',
  sensor_stopped: 'T1562.001',
  audit_policy_changed: 'T1562.002',
  file_deleted: 'T1070.004',
  timestomp: 'T1070.006',
};
