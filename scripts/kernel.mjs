// Compiles src/formats/evtx/json-kernel.as.ts (AssemblyScript) to src/formats/evtx/json-kernel-code.ts. `--check` fails where
// the file in the repository is not what the source gives. The compiler is fetched when needed and is no dependency:
// who installs or builds the project needs only the generated file.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = '0.28.20';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const tools = join(ROOT, '.oracles', 'assemblyscript');
const asc = join(tools, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
const source = join(ROOT, 'src', 'formats', 'evtx', 'json-kernel.as.ts');
const target = join(ROOT, 'src', 'formats', 'evtx', 'json-kernel-code.ts');

if (!existsSync(asc)) {
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'package.json'), '{"private":true}');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const r = spawnSync(npm, ['install', '--no-audit', '--no-fund', '--silent', `assemblyscript@${COMPILER}`], {
    cwd: tools,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (r.status !== 0) throw new Error('the AssemblyScript compiler could not be installed');
}
const wasm = join(tools, 'kernel.wasm');
const options = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--memoryBase',
  '4096',
  '--initialMemory',
  '96',
];
const r = spawnSync(process.execPath, [asc, source, '-o', wasm, ...options], { stdio: 'inherit' });
if (r.status !== 0) throw new Error('the kernel does not compile');
const code = readFileSync(wasm).toString('base64');
const lines = code.match(/.{1,108}/g).map((l) => `  '${l}',`);
const text = `// Generated from json-kernel.as.ts by scripts/kernel.mjs (assemblyscript ${COMPILER}); do not edit.
export const KERNEL_CODE: string = [
${lines.join('\n')}
].join('');
`;
if (process.argv.includes('--check')) {
  // The code counts, not how its lines are broken.
  const have = existsSync(target)
    ? [...readFileSync(target, 'utf8').matchAll(/'([A-Za-z0-9+/=]*)'/g)].map((m) => m[1]).join('')
    : '';
  if (have !== code) {
    console.error('json-kernel-code.ts is not what json-kernel.as.ts gives: run `npm run kernel`');
    process.exit(1);
  }
  console.log('the JSON kernel is what its source gives');
} else writeFileSync(target, text);
