export { inNetwork, type Network, parseAddress, parseNetwork } from './cidr.js';
export { EndsIndex, LiteralIndex } from './literals.js';
export { compileRegex, MAX_UNSAFE_TEXT, type SafeRegex } from './regex.js';
export { ANY, longestText, matchWildcards, ONE, parseWildcards, type Part } from './wildcard.js';
