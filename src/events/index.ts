export { EvtxEvent, isSystemField } from './evtx-event.js';
export { TextEvent } from './text-event.js';
