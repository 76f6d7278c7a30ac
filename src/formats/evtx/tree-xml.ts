// A resolved tree as XML on one line. Attributes without a value are left out, as Windows does; characters that XML
// 1.0 forbids become "_", also as Windows does, so that every output is well-formed.
import type { ByteWriter } from '../../base/index.js';
import { CDATA, CHAR, ELEMENT, type ElementNode, ENTITY, isContent, type Node, PI } from './node.js';

const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

export function escapeXml(text: string, attribute: boolean): string {
  const out = text
    .toWellFormed()
    .replace(FORBIDDEN, '_')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
  if (!attribute) return out.replaceAll('\r', '&#13;');
  return out
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\r', '&#13;')
    .replaceAll('\t', '&#9;');
}

/** A name that XML accepts; anything else in a (damaged or crafted) name becomes "_". */
function xmlName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}_.:-]/gu, '_');
  return /^[\p{L}_:]/u.test(safe) ? safe : `_${safe}`;
}

export function writeTreeXml(w: ByteWriter, e: ElementNode): void {
  const name = xmlName(e.name);
  w.utf8(`<${name}`);
  const used = new Set<string>();
  for (const a of e.attributes) {
    const attribute = xmlName(a.name);
    if (!a.value.some(isContent) || used.has(attribute)) continue;
    used.add(attribute);
    w.utf8(` ${attribute}="`);
    for (const n of a.value) writeText(w, n, true);
    w.byte(0x22);
  }
  if (e.children.length === 0) {
    w.ascii('/>');
    return;
  }
  w.byte(0x3e);
  for (const n of e.children) {
    if (n.kind === ELEMENT) writeTreeXml(w, n);
    else writeText(w, n, false);
  }
  w.utf8(`</${name}>`);
}

function writeText(w: ByteWriter, n: Node, attribute: boolean): void {
  switch (n.kind) {
    case CDATA:
      if (!attribute) {
        w.utf8(`<![CDATA[${n.text.toWellFormed().replace(FORBIDDEN, '_').replaceAll(']]>', ']]]]><![CDATA[>')}]]>`);
        return;
      }
      break;
    case ENTITY:
      w.utf8(/^(quot|apos|amp|lt|gt)$/.test(n.name) ? `&${n.name};` : escapeXml(`&${n.name};`, attribute));
      return;
    case CHAR:
      w.utf8(escapeXml(n.code >= 0xd800 && n.code <= 0xdfff ? '\ufffd' : String.fromCharCode(n.code), attribute));
      return;
    case PI:
      if (!attribute)
        w.utf8(`<?${xmlName(n.target)} ${n.data.toWellFormed().replace(FORBIDDEN, '_').replaceAll('?>', '? >')}?>`);
      return;
    default:
  }
  if ('text' in n) w.utf8(escapeXml(n.text, attribute));
}
