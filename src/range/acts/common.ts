// What acts share: sessions, flows, settings, times as text.
import { type EventFormat } from '../logs.js';
import { type Host, type Principal } from '../world.js';

/** A session on a host: what `logon` gives. */
export interface Session {
  readonly host: Host;
  readonly who: Principal;
  readonly id: number;
  readonly guid: string;
  readonly type: number;
  /** Where it came from; null: at the machine itself. */
  readonly from: Host | string | null;
}

export interface Flow {
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly seconds: number;
  readonly service?: string;
}

export interface Settings {
  readonly format: EventFormat | 'mixed';
  /** Microseconds: the first and the last moment that logs may be of. */
  readonly start: number;
  readonly end: number;
  /** Days that a log of a workstation and of a server goes back; 0: all. */
  readonly keepDays: { readonly workstation: number; readonly server: number };
}

export const S = 1e6;
export const SYSTEM: Principal = { name: 'SYSTEM', domain: 'NT AUTHORITY', sid: 'S-1-5-18' };
export const SYSTEM_LOGON = 0x3e7;
/** Chances that a record of a kind is missing: sensors drop, services restart. */
export const LOST = { sysmon: 0.006, zeek: 0.012, audit: 0.001 };

export const two = (n: number): string => String(n).padStart(2, '0');
export const isoText = (t: number): string => new Date(t / 1000).toISOString();
export const sysmonTime = (t: number): string => isoText(t).replace('T', ' ').replace('Z', '');
export const base = (path: string): string => path.slice(path.lastIndexOf('\\') + 1);
export const folder = (path: string): string => path.slice(0, path.lastIndexOf('\\') + 1);
