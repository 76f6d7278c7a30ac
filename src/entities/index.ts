export { type ClockPair, type HostClock, hostClocks } from './clocks.js';
export { hostAddresses, HostNames, isAddress, plainAddress, type SeenAddress } from './hosts.js';
