// The version that outputs carry. A test holds it to package.json.
export const VERSION = '0.1.0';
export const TOOL = `backtrail ${VERSION}`;
