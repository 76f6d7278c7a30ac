export { EvtxEvent, isSystemField } from './evtx-event.js';
