// The statement of an incident in Chinese. Another language is another file of this shape.
import { boundOf } from './bounds.js';
import type { StatementParts } from './incident-en.js';

export const vectorsZh: Readonly<Record<string, string>> = {
  mail_server: '通过邮件服务器',
  document_server: '通过文档系统',
  web: '通过网站服务器',
  vpn: '利用被盗账户通过VPN',
  remote_desktop: '通过远程桌面',
  ssh: '通过SSH',
  phishing: '通过用户打开的文档',
  user_execution: '通过用户启动的程序',
  supplier: '通过远程支持工具',
  other: '通过来自外部的会话',
  cloud_account: '利用被盗的云服务账户',
  phishing_link: '通过冒充云服务登录页面的钓鱼链接',
};
const bytes = (n: number): string =>
  n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : n >= 1e6 ? `${Math.round(n / 1e6)} MB` : `${Math.round(n / 1e3)} kB`;
const day = (t: string | null): string => (t === null ? '日期不明' : t.slice(0, 10));
const CONFIDENCE: Readonly<Record<string, string>> = { high: '高', moderate: '中', low: '低' };

export function statementZh(i: StatementParts): string {
  const n = (status: string): number => i.hosts.filter((h) => h.status === status).length;
  const out: string[] = [];
  out.push(
    i.entry === null || i.entry.vector === 'unknown'
      ? `${day(i.first_seen)}至${day(i.last_seen)}期间有入侵者活动；从现有证据无法得知其进入方式。`
      : `${day(i.first_seen)}至${day(i.last_seen)}期间有入侵者活动，其${vectorsZh[i.entry.vector] ?? i.entry.vector}${i.entry.host === null ? '' : `（${i.entry.host}）`}进入${i.entry.source_ip === null ? '' : `，来源地址为 ${i.entry.source_ip}`}。`,
  );
  const dc = i.hosts.filter((h) => h.status === 'controlled' && h.role === 'domain_controller').length;
  if (n('controlled') === 0)
    out.push(
      n('accessed') === 0
        ? '没有记录表明入侵者控制了任何主机。'
        : `入侵者访问了 ${n('accessed')} 台主机；没有记录表明其控制了其中任何一台。`,
    );
  else
    out.push(
      `入侵者控制了 ${n('controlled')} 台主机${dc === 0 ? '' : `（其中域控制器 ${dc} 台）`}${n('accessed') === 0 ? '' : `，另访问了 ${n('accessed')} 台`}。`,
    );
  const used = i.accounts.filter((a) => a.status !== 'attempted').length;
  const made = i.accounts.filter((a) => a.status === 'created').length;
  if (used > 0) out.push(`共使用 ${used} 个账户${made === 0 ? '' : `，其中 ${made} 个由入侵者创建`}。`);
  if (i.implants.length > 0 || i.persistence.length > 0)
    out.push(`留下 ${i.implants.length} 种植入程序和 ${i.persistence.length} 处可供返回的途径。`);
  if (i.update_hijack !== null)
    out.push(
      `更新包 ${i.update_hijack.package} 被替换：${i.update_hijack.hosts_executed.length} 台主机运行了它，另有 ${i.update_hijack.hosts_downloaded.length} 台只下载而未运行。`,
    );
  if (i.sessions.length > 0) {
    const countries = new Set(i.sessions.map((s) => s.country).filter((c) => c !== null)).size;
    const addresses = new Set(i.sessions.map((s) => s.source_ip)).size;
    out.push(
      `攻击会话共 ${i.sessions.length} 次，来自 ${addresses} 个地址${countries === 0 ? '' : `、${countries} 个国家或地区`}。`,
    );
  }
  if (i.mailboxes.length > 0) out.push(`${i.mailboxes.length} 个邮箱的邮件被读取或窃取。`);
  if (i.data_theft.length > 0)
    out.push(
      `数据外传 ${i.data_theft.length} 次，共${boundOf(i.data_theft, 'zh') || ' '}${bytes(i.data_theft.reduce((s, t) => s + t.bytes, 0))}。`,
    );
  if (i.anti_forensics.length > 0) out.push(`清除或阻止留痕 ${i.anti_forensics.length} 次。`);
  if (i.blind_spots.length > 0) out.push(`证据中有 ${i.blind_spots.length} 处盲区，限制了可知的范围。`);
  out.push(`置信度：${CONFIDENCE[i.confidence] ?? i.confidence}。`);
  return out.join('');
}
