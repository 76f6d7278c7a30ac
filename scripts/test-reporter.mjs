// Counts test results for the closing line: leaves only, a file or a suite is no test.
export default async function* reporter(events) {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const skips = [];
  for await (const e of events) {
    if (e.type !== 'test:pass' && e.type !== 'test:fail') continue;
    if (e.data.details?.type === 'suite') continue;
    if (e.data.skip !== undefined && e.data.skip !== false) {
      skipped++;
      skips.push(`${e.data.name}${typeof e.data.skip === 'string' && e.data.skip !== '' ? `: ${e.data.skip}` : ''}`);
    } else if (e.type === 'test:pass') passed++;
    else failed++;
  }
  yield JSON.stringify({ passed, failed, skipped, skips });
}
