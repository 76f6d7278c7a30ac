// pySigma on the conformance cases: what loads there must load here and the other way round, and encodings give the same texts. What
// differs must be in DIFFERENT, with its reason.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { type Expr, parseRules } from '../src/sigma/index.js';
import { oracle, readText, ROOT } from './support.js';

const DIFFERENT: readonly (readonly [cases: RegExp, why: string])[] = [
  [
    /^condition: [23] of them$|^2 of a pattern$/,
    'numbers other than 1 are in the specification; pySigma knows 1, any and all',
  ],
  [
    /^condition: (?:a AND b|NOT a|a Or c|ALL OF them)$/,
    'operators in capitals are read by most engines, and by this one',
  ],
  [/^utf16le /, 'pySigma has it under the name wide only'],
  [/^wide of a wildcard$/, 'pySigma lets a wildcard through, which no encoded text can hold'],
  [
    /^re: \(\?=a\)ab$|^re: a\(\?!b\)$|^re: \(\?<=x\)a$|^re: \(a\)\\1$/,
    'pySigma checks with RE2; expressions are PCRE in the specification',
  ],
  [/^fieldref with cased$/, 'nothing in the specification forbids it'],
  [/^expand without values$/, 'pySigma leaves it to a pipeline; without values nothing could match'],
  [/^comparison with a number as text$/, 'a number in quotes is meant as one'],
  [/^cidr: the host part/, 'a network is named by any of its addresses'],
  [/^an empty list$|^a selection that is null$/, 'nothing could match, or everything: a mistake either way'],
  [/^a key that is there twice$/, 'YAML forbids it; PyYAML takes the last'],
  [/^a timeframe$/, 'Sigma 1: the rule would match without it'],
  [/^re of null$/, 'an expression of nothing'],
  [/with a range$|beyond a range$/, 'ranges: the specification has several comparisons, pySigma one'],
  [/^temporal with a number/, 'pySigma has it for event counts only'],
  [/^a correlation about itself$/, 'pySigma does not look for circles'],
  [/^a part that is unknown$|^an unknown part$/, 'a misspelt part would change what is matched'],
  [/^a filter without/, 'a filter that nothing can apply'],
  [/^action repeat without a rule before$|^an unknown action$/, 'an action that does nothing is a mistake'],
];

interface Case {
  readonly section: string;
  readonly detection?: unknown;
  readonly documents?: string;
  readonly pipeline?: string;
  readonly placeholders?: unknown;
  readonly error?: string;
}

const python = oracle('python');
const there = python !== null && spawnSync(python, ['-c', 'import sigma.collection']).status === 0;

/** Texts of the tests of a rule, as values with wildcards. */
function texts(e: Expr): string[] {
  if (e.kind === 'not') return texts(e.item);
  if (e.kind !== 'test') return e.items.flatMap(texts);
  const t = e.test;
  switch (t.op) {
    case 'equals':
      return [t.text];
    case 'contains':
      return [`*${t.text}*`];
    case 'startswith':
      return [`${t.text}*`];
    case 'endswith':
      return [`*${t.text}`];
    default:
      return [];
  }
}

test(
  'pySigma agrees on the conformance cases',
  there ? {} : { skip: 'the Python package pysigma is not installed (pip install pysigma)' },
  () => {
    const cases = readdirSync(join(ROOT, 'conformance'))
      .filter((f) => f.endsWith('.yaml'))
      .sort()
      .flatMap((f) => (parse(readText(join(ROOT, 'conformance', f))) as Case[]).map((c) => ({ ...c, file: f })))
      .filter((c) => c.pipeline === undefined && c.placeholders === undefined);
    const run = spawnSync(python!, [join(ROOT, 'test', 'oracles', 'pysigma.py')], {
      input: JSON.stringify(cases),
      maxBuffer: 1 << 28,
    });
    assert.equal(run.status, 0, run.stderr.toString('utf8').slice(-2000));
    const theirs = JSON.parse(run.stdout.toString('utf8')) as { loads: boolean; why?: string; values?: string[] }[];
    const used = new Set<RegExp>();
    let compared = 0;
    cases.forEach((c, i) => {
      const t = theirs[i]!;
      if ((c.error === undefined) !== t.loads) {
        const known = DIFFERENT.find(([re]) => re.test(c.section));
        assert.ok(
          known !== undefined,
          `${c.file}: ${c.section}: here ${c.error ?? 'it loads'}, there ${t.why ?? 'it loads'}`,
        );
        used.add(known[0]);
        return;
      }
      if (c.file !== 'encodings.yaml' || c.error !== undefined || c.detection === undefined) return;
      const { rules } = parseRules(
        JSON.stringify({ title: 't', logsource: { product: 'windows' }, detection: c.detection }),
        'x',
      );
      // One character has another form there: the mark in front of UTF-16.
      assert.deepEqual(texts(rules[0]!.condition).sort(), [...t.values!].sort(), c.section);
      compared++;
    });
    assert.ok(compared >= 35, String(compared));
  },
);
