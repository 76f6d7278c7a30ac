// What incident.json says in English, in Chinese. The document is one, whatever language it is read in: its sentences are ours (incident-en.ts,
// en.ts), so that each is known by its form. What is not known is shown as it is.

const FIXED: Readonly<Record<string, string>> = {
  // how
  'code of the intruder ran there': '入侵者的代码在其上运行',
  'an interactive session of the intruder': '入侵者的交互式会话',
  'remote execution by the intruder': '入侵者在其上远程执行',
  'an authenticated session of the intruder': '入侵者通过认证的会话',
  'a script of the intruder answered there': '入侵者的脚本在其上应答',
  'passwords that the intruder tried there failed': '入侵者在其上尝试的口令均失败',
  'a program of the intruder connected to it; no session followed': '入侵者的程序连接过它，其后没有会话',
  'sessions of the intruder came from there': '入侵者的会话由此发出',
  'it talked to a channel of the intruder': '它与入侵者的命令控制通道通信',
  // entry
  'A server process started a shell right after a request from outside.':
    '服务器进程在收到外部请求后随即启动了命令解释器。',
  'A server process started a shell; no record shows who had asked it to.':
    '服务器进程启动了命令解释器；没有记录表明由谁触发。',
  'A script that only a few strangers ask for answers on a server; how it came there no record shows.':
    '服务器上有一个只被少数陌生地址请求的脚本在应答；没有记录表明其如何到达。',
  'Many wrong passwords from one address, then a session from it.': '同一地址多次口令错误，随后由其建立了会话。',
  'The first session of the intruder came from an address that the VPN gave out.':
    '入侵者的首个会话来自 VPN 分配的地址。',
  'The first session of the intruder came from outside.': '入侵者的首个会话来自外部。',
  'The first thing of the intruder in this evidence is an account of a cloud service that was used from an address of theirs.':
    '本证据中入侵者最早的活动是从其地址使用的一个云服务账户。',
  'Just before an account was first used from an address of the intruder, somebody inside had opened a page at that address.':
    '在某账户首次从入侵者的地址被使用之前不久，内部有人打开过该地址上的网页。',
  'An office program started a script.': '办公程序启动了脚本。',
  'A program that a user started is the first thing of the intruder in this evidence.':
    '本证据中入侵者最早的活动是用户启动的一个程序。',
  'A program that a user had fetched from outside and started is the first thing of the intruder.':
    '入侵者最早的活动是用户从外部下载并启动的一个程序。',
  'A program that is installed there started what the intruder brought.': '该处安装的程序启动了入侵者带来的程序。',
  'The earliest trace in this evidence is not a way in: how they came in is not known.':
    '本证据中最早的痕迹并非进入途径：其进入方式不明。',
  // leads
  'A server process started a shell.': '服务器进程启动了命令解释器。',
  'A script that was not there before is asked for by a few strangers only, and answers.':
    '出现了此前没有的脚本，只被少数陌生地址请求，并且应答。',
  'From an address that it never came from, an account of a cloud service did what hides mail, sends it away or lets somebody back in.':
    '某云服务账户从其从未使用过的地址，做了隐藏邮件、外发邮件或便于再次进入的操作。',
  'Accounts that never came from an address came from it together, stolen ones among them.':
    '若干从未使用过某地址的账户一同由该地址登录，其中有被盗账户。',
  'Memory of the local security authority was read.': '本地安全机构（LSASS）的内存被读取。',
  'The directory database or the registry of secrets was copied.': '目录数据库或注册表中的机密被复制。',
  'A user account asked the directory to replicate its secrets.': '用户账户要求目录复制其机密。',
  'A service was installed that is a command line.': '安装了一个实为命令行的服务。',
  'Under a program that hardly anybody else has, somebody looked around.': '有人在一个几乎无人使用的程序之下探查环境。',
  'A rule of the level "critical" matched.': '一条级别为“严重”的规则命中。',
  'Rules of the level "high" for different techniques matched what one program started.':
    '针对不同技术的“高”级别规则命中了同一程序所启动的活动。',
  'A program that hardly anybody has put code into one of the programs of Windows.':
    '一个几乎无人使用的程序向 Windows 自身的程序注入了代码。',
  'Other people’s accounts were tried at the gateway, then a tunnel was opened from the same address.':
    '先在网关上尝试他人账户，随后由同一地址建立了隧道。',
  'The log of who had logged on was emptied in a session, and the history of commands with it.':
    '某会话中清空了登录日志，并一并清除了命令历史。',
  'A key that somebody made for an account was used from where that account never came from.':
    '为某账户创建的密钥被用于该账户从未出现过的来源地址。',
  'Passwords of many accounts were tried from one place within minutes.': '数分钟内从同一处尝试了许多账户的口令。',
  'Tickets with weak encryption were asked for many service accounts at once.': '同时为许多服务账户请求了弱加密票据。',
  'A program that was started over the network as an object (DCOM) started another.':
    '经网络作为对象（DCOM）启动的程序启动了另一程序。',
  'Many wrong passwords, then a session from the same address.': '多次口令错误，随后由同一地址建立了会话。',
  // blind spots and what to collect
  'No log of this host is in the evidence: what is known of it comes from others.':
    '证据中没有该主机的日志：对其所知均来自他处。',
  'No sensor (Sysmon) recorded on this host: hashes, connections and files of processes are not known.':
    '该主机上没有传感器（Sysmon）记录：进程的哈希、连接和文件不明。',
  'No audit log (Security) of this host is in the evidence.': '证据中没有该主机的审计日志（Security）。',
  'No audit of commands (auditd, Sysmon) of this host is in the evidence: what was run there is known only as far as its syslog tells.':
    '证据中没有该主机的命令审计（auditd、Sysmon）：在其上运行过什么，仅能从其 syslog 得知。',
  'No sensor on the network (Zeek, flows, firewall, proxy) is in the evidence: connections are known only where hosts wrote them down.':
    '证据中没有网络传感器（Zeek、流量、防火墙、代理）：连接仅在主机自行记录之处可知。',
  'No mailbox audit is in the evidence.': '证据中没有邮箱审计。',
  'No audit log of a domain controller is in the evidence.': '证据中没有域控制器的审计日志。',
  'How they came in is not known.': '其进入方式不明。',
  'No log holds the hash of this program: where else it is cannot be told.':
    '没有日志记录该程序的哈希：无法得知其还在何处。',
  'Records of connections for the whole period: firewall, proxy, flow or DNS logs':
    '整个时段的连接记录：防火墙、代理、流或 DNS 日志',
  'The mailbox audit, and the logs of the mail server beside it': '邮箱审计，以及邮件服务器的日志',
  'The Security logs of all domain controllers for the whole period': '整个时段所有域控制器的 Security 日志',
  'Logs of everything that is reached from outside (VPN, mail, web, remote desktop, support tools) from before the first trace':
    '最早痕迹之前所有可从外部访问的系统（VPN、邮件、网站、远程桌面、支持工具）的日志',
  'The file could not be read.': '文件无法读取。',
  'The file is empty.': '文件为空。',
  'No incident was found: no strong lead is in this evidence that administration does not explain. What the evidence does not cover, it cannot show.':
    '未发现事件：本证据中没有管理工作无法解释的强线索。证据未覆盖之处，无从显示。',
  unknown: '未知',
};

type Form = readonly [prefix: string, form: RegExp, zh: (m: RegExpExecArray) => string];

const KINDS: Readonly<Record<string, string>> = {
  service: '服务',
  'scheduled task': '计划任务',
  'run key': '启动项',
  'wmi subscription': 'WMI 订阅',
  webshell: '网页后门',
  account: '账户',
  other: '其他',
  permission: '权限',
  library: '程序旁的库文件',
  export: '导出',
  impersonation: '模拟访问',
  delegate: '代理访问',
  'owner session': '以所有者身份登录',
  search: '搜索',
};
const kind = (t: string): string => KINDS[t] ?? t;
const LEVELS: Readonly<Record<string, string>> = { high: '高', moderate: '中', low: '低' };

const reason = (t: string): string => {
  const shifted = /^it is written as UTC and is not, by Sysmon's own UtcTime in the same log; (.+) was added\.$/.exec(
    t,
  )?.[1];
  if (shifted !== undefined)
    return `所写为 UTC 而实际不是（依同一日志中 Sysmon 自身的 UtcTime），已加上 ${shifted.replaceAll(' and ', '、').replaceAll(' h', ' 小时')}。`;
  return t === 'it is written without a year.'
    ? '所写没有年份。'
    : '所写没有时区（按 UTC 处理；可用 --timezone 指定）或没有年份。';
};

const FORMS: readonly Form[] = [
  ['The rule "', /^The rule "([^]*)" of the level "critical" matched\.$/, (m) => `级别为“严重”的规则“${m[1]}”命中。`],
  ['Ran: ', /^Ran: ([^]*)$/, (m) => `运行：${m[1]}`],
  ['Code was injected into ', /^Code was injected into ([^]*)$/, (m) => `代码被注入 ${m[1]}`],
  ['Service "', /^Service "([^]*)" was made: ([^]*)$/, (m) => `创建服务“${m[1]}”：${m[2]}`],
  ['Scheduled task "', /^Scheduled task "([^]*)" was made: ([^]*)$/, (m) => `创建计划任务“${m[1]}”：${m[2]}`],
  [
    'Came from ',
    /^Came from (\S+) (over the network|by [a-z ]+?) as ([^]*)$/,
    (m) => `自 ${m[1]} 以 ${m[3]} 身份${m[2] === 'over the network' ? '经网络' : `通过 ${m[2]!.slice(3)} `}到达`,
  ],
  ['Persistence: ', /^Persistence: ([a-z ]+?) "([^]*)"$/, (m) => `返回途径：${kind(m[1]!)}“${m[2]}”`],
  ['First contact with ', /^First contact with ([^]*)$/, (m) => `首次与 ${m[1]} 通信`],
  ['Mailbox ', /^Mailbox (\S+): ([a-z ]+)$/, (m) => `邮箱 ${m[1]}：${kind(m[2]!)}`],
  ['at most ', /^at most (.+?) sent to ([^]*)$/, (m) => `向 ${m[2]} 发送至多 ${m[1]}`],
  ['at least ', /^at least (.+?) sent to ([^]*)$/, (m) => `向 ${m[2]} 发送至少 ${m[1]}`],
  [
    'The update package ',
    /^The update package ([^]*) was replaced; ([\d,]+) hosts? ran it$/,
    (m) => `更新包 ${m[1]} 被替换；${m[2]} 台主机运行了它`,
  ],
  [
    'Logs of this host are in local time',
    /^Logs of this host are in local time and name no zone: (-?\d+) minutes east of UTC, as (\d+) connections tell that others recorded with theirs\.$/,
    (m) => `该主机的日志为本地时间且未注明时区：由他处带时区记录的 ${m[2]} 个连接可知，为 UTC 以东 ${m[1]} 分钟。`,
  ],
  [
    'Logs of this host are in local time',
    /^Logs of this host are in local time and name no zone: (-?\d+) minutes east of UTC, as (\d+) other logs of the same host write\.$/,
    (m) => `该主机的日志为本地时间且未注明时区：由同一主机的另外 ${m[2]} 份日志可知，为 UTC 以东 ${m[1]} 分钟。`,
  ],
  ['A log was', /^A log was cleared; the record does not tell which\.$/, () => '某日志被清除；记录未说明是哪一个。'],
  ['The log "', /^The log "([^]*)" was cleared\.$/, (m) => `日志“${m[1]}”被清除。`],
  [
    'The log "',
    /^The log "([^]*)" has no records from (.+?) to (.+?), although it never was silent that long before and other logs show activity of the host\.$/,
    (m) => `日志“${m[1]}”自 ${m[2]} 至 ${m[3]} 没有记录，而此前从未如此长时间静默，且其他日志显示该主机有活动。`,
  ],
  [
    'Of the log "',
    /^Of the log "([^]*)", which has a file for each day, (?:that|those) of (\S+)(?: to (\S+))? (?:is|are) missing; the days before and after are there\.$/,
    (m) =>
      `日志“${m[1]}”每日一个文件，缺少 ${m[2]}${m[3] === undefined ? '' : ` 至 ${m[3]}`} 的文件；前后各日的文件都在。`,
  ],
  [
    'The log "',
    /^The log "([^]*)" is missing as a whole: ([\d,]+) other hosts? of this evidence (?:has|have) it, and this host's own other logs are there\.$/,
    (m) => `日志“${m[1]}”整体缺失：本证据中另有 ${m[2]} 台主机有此日志，且该主机的其他日志都在。`,
  ],
  [
    '"',
    /^"([^]*)" was cleared: what it held before is not in this evidence\.$/,
    (m) => `“${m[1]}”被清除：此前内容不在本证据中。`,
  ],
  [
    '',
    /^([\d,]+) records? missing from "([^]*)": numbers? (\d+)(?: to (\d+))?\.$/,
    (m) => `“${m[2]}”缺少 ${m[1]} 条记录：编号 ${m[3]}${m[4] === undefined ? '' : ` 至 ${m[4]}`}。`,
  ],
  [
    '',
    /^([\d,]+) records? (?:is|are) missing from the numbering of this log\.$/,
    (m) => `该日志的编号缺少 ${m[1]} 条记录。`,
  ],
  ['Auditing was reduced: ', /^Auditing was reduced: ([^]*)$/, (m) => `审计被削弱：${m[1]}`],
  ['The file ', /^The file ([^]*) was deleted\.$/, (m) => `文件 ${m[1]} 被删除。`],
  ['The file ', /^The file ([^]*) from (\S+), or its hash$/, (m) => `${m[2]} 上的文件 ${m[1]}，或其哈希`],
  [
    'The file is damaged',
    /^The file is damaged: ([\d,]+) problems? while reading it; records may be missing\.$/,
    (m) => `文件已损坏：读取时有 ${m[1]} 个问题，可能缺少记录。`,
  ],
  ['The creation time of ', /^The creation time of ([^]*) was changed\.$/, (m) => `${m[1]} 的创建时间被更改。`],
  [
    'A request to export',
    /^A request to export the mailbox "([^]*)" was removed\.$/,
    (m) => `导出邮箱“${m[1]}”的请求被删除。`,
  ],
  [
    '',
    /^(high|moderate|low): ([\d,]+) independent kinds? of strong leads?, ([\d,]+) controlled hosts?(?:, ([\d,]+) of the hosts by inference)?\. An innocent explanation of the leads would change it\.$/,
    (m) =>
      `${LEVELS[m[1]!]}：相互独立的强线索 ${m[2]} 类，受控主机 ${m[3]} 台${m[4] === undefined ? '' : `，其中 ${m[4]} 台为推断`}。若线索有无害的解释，结论将改变。`,
  ],
  [
    '',
    /^(names looked up|connections), ([\d,]+) times?(?:; (in bursts, without a rhythm)|; (on average every|every) ([\d.]+) (h|min|s), spread (\d+) %)?$/,
    (m) =>
      `${m[1] === 'connections' ? '连接' : '域名查询'} ${m[2]} 次${
        m[3] !== undefined
          ? '；成簇出现，没有节律'
          : m[4] === undefined
            ? ''
            : `；${m[4] === 'every' ? '每' : '平均每'} ${m[5]} ${{ h: '小时', min: '分钟', s: '秒' }[m[6] as 'h' | 'min' | 's']}，离散 ${m[7]}%`
      }`,
  ],
  [
    'All logs of ',
    /^All logs of ([^]*): event logs, and an image or a triage collection where they are gone$/,
    (m) => `${m[1] === 'these hosts' ? '这些主机' : m[1]} 的全部日志：事件日志；日志已失者，取磁盘映像或应急采集`,
  ],
  [
    'Traces on the disk',
    /^Traces on the disk of ([^]*): Prefetch, Amcache, ShimCache, file table \(\$MFT\), registry$/,
    (m) =>
      `${m[1] === 'these hosts' ? '这些主机' : m[1]} 磁盘上的痕迹：Prefetch、Amcache、ShimCache、文件表（$MFT）、注册表`,
  ],
  [
    'Copies of ',
    /^Copies of ([^]*?)(?: of (\S+))?: forwarded to a collector, in backups, in shadow copies$/,
    (m) => `${m[2] === undefined ? '' : `${m[2]} 的`}${m[1]} 的副本：转发至收集器的、备份中的、卷影副本中的`,
  ],
  ['', /^([^]*) was turned off\.$/, (m) => `${m[1]} 被关闭。`],
  [
    '',
    /^([\d,]+) incidents? (?:was|were) reconstructed from the leads and causes that the records show\. What the evidence does not cover, it cannot show\.$/,
    (m) => `根据记录所显示的线索与因果重建了 ${m[1]} 起事件。证据未覆盖之处，无从显示。`,
  ],
  [
    'The time of ',
    /^The time of ([\d,]+) records? was inferred: ([^]*)$/,
    (m) => `${m[1]} 条记录的时间为推断：${reason(m[2]!)}`,
  ],
  ['', /^([\d,]+) of ([\d,]+) lines are no records of the format$/, (m) => `${m[2]} 行中有 ${m[1]} 行不是该格式的记录`],
  [
    'Not read: the same',
    /^Not read: the same content as (\S+), byte for byte\. It is counted once\.$/,
    (m) => `未读取：与 ${m[1]} 内容逐字节相同，只计一次。`,
  ],
  [
    'Not read: this is ',
    /^Not read: this is ([^]*), a kind of evidence that this version does not take in\.$/,
    (m) => `未读取：这是 ${m[1]}，本版本不处理此类证据。`,
  ],
];

/** A sentence of incident.json in Chinese; what is no sentence of ours as it is. */
export function saidZh(text: string): string {
  const fixed = FIXED[text];
  if (fixed !== undefined) return fixed;
  for (const [prefix, form, zh] of FORMS) {
    if (prefix !== '' && !text.startsWith(prefix)) continue;
    const m = form.exec(text);
    if (m !== null) return zh(m);
  }
  return text;
}
