// The host that a collection was taken from, by how collectors lay out their folders and name their archives: where the
// records themselves do not say it (web logs, text logs).

const LAYOUTS: readonly RegExp[] = [
  // Velociraptor: Collection-HOST-2021-10-25T20_17_07Z.zip, clients/HOST/collections/…
  /(?:^|\/)Collection-(.+?)-\d{4}-\d\d-\d\dT[\d_]+Z?(?:\.zip)?(?:\/|$)/,
  /(?:^|\/)clients\/([^/]+)\/collections\//,
  // KAPE: 2021-10-25T201707_HOST.zip, 20211025201707_HOST_…
  /(?:^|\/)\d{4}-\d\d-\d\dT\d{6}_([A-Za-z0-9.-]+?)(?:\.(?:zip|vhdx?))?(?:\/|$)/,
  // UAC: uac-HOST-linux-20250321062000.tar.gz; a folder a host with [root] and live_response below.
  /(?:^|\/)uac-([A-Za-z0-9][A-Za-z0-9._-]{0,62}?)-(?:linux|android|aix|esxi|freebsd|netbsd|openbsd|macos|netscaler|solaris)-\d{14}(?:\.tar(?:\.gz)?|\.tgz|\.zip)?(?:\/|$)/i,
  /(?:^|\/)(?!(?:evidence|logs?|cases?|collections?|exports?|data|uac|triage|root|system|output)\/)([A-Za-z0-9][A-Za-z0-9.-]{1,62})\/(?:\[root\]|live_response|bodyfile)\//i,
  // CyLR: HOST.zip with C/Windows/… inside; any folder over a drive's folder.
  /(?:^|\/)([A-Za-z0-9][A-Za-z0-9.-]{0,62}?)(?:\.zip)?\/(?:uploads\/(?:auto|ntfs)\/[^/]+|[A-Za-z](?:%3A|:)?)\/(?:Windows|inetpub|Program Files|ProgramData|Users)\//i,
  // A folder a host, with what was taken of its disk below: HOST/inetpub/logs/…, HOST/Windows/System32/winevt/…
  /(?:^|\/)([A-Za-z0-9][A-Za-z0-9.-]{1,62})\/(?:inetpub\/(?:logs|history)|Program Files\/Microsoft\/Exchange Server|Windows\/System32\/(?:winevt|LogFiles|config|dns|dhcp)|var\/log|opt\/[^/]+\/logs?|srv\/[^/]+\/logs?|usr\/local\/[^/]+\/logs?)\//i,
];

/** The host of a collection's member by its path; "" where the path does not tell. */
export function hostOf(name: string): string {
  for (const layout of LAYOUTS) {
    const m = layout.exec(name);
    if (m !== null) return m[1]!;
  }
  return '';
}
