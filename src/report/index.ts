export { html, jsonForScript, visible } from './escape.js';
export { renderHtml, type ReportInput } from './html.js';
export { makeView, type View } from './view.js';
