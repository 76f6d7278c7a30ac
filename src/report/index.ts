export { type Change, changesBetween } from './changes.js';
export { html, jsonForScript, visible } from './escape.js';
export { renderHtml, type ReportInput } from './html.js';
export { defang, type Indicator, indicators } from './indicators.js';
export type { Model } from './blocks.js';
export { makeModel } from './model.js';
export { redact, type Redacted } from './redact.js';
export { render, REPORT_FORMATS, type RenderInput, type ReportFormat } from './render.js';
export { makeView, type View } from './view.js';
