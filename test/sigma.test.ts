// Sigma: the planned matcher against the plain one on random rules and events, and hostile expressions.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileRegex } from '../src/match/index.js';
import {
  checkRules,
  Engine,
  type EventReader,
  type EventValue,
  type Expr,
  parseRules,
  type Rule,
} from '../src/sigma/index.js';
import { type Pipeline, PipelineError, readPipeline } from '../src/sigma/pipeline.js';
import { matches, type PlainEvent } from './reference.js';

const anywhere = (): { channels: readonly string[] }[] => [{ channels: [] }];

function fires(rules: readonly Rule[], event: PlainEvent): number[] {
  const engine = new Engine(rules, anywhere);
  const cls = engine.classOf('c', 'p', '1');
  if (cls === null) return [];
  const reader: EventReader = {
    value: (i) => event[cls.fields[i]!],
    all: () =>
      Object.values(event).flatMap((v) => (v === null || v === undefined ? [] : typeof v === 'string' ? [v] : [...v])),
  };
  return cls.evaluate(reader).map((r) => cls.ruleOf(r));
}

// Few letters, so that random values and random rules meet often.
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '.', '\\', 'é'), maxLength: 7 });
const field = fc.constantFrom('A', 'B', 'C');
const value: fc.Arbitrary<EventValue> = fc.oneof(
  { weight: 6, arbitrary: word },
  { weight: 1, arbitrary: fc.array(word, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
);
const leaf: fc.Arbitrary<Expr> = fc
  .tuple(
    fc.option(field, { freq: 8 }),
    fc.oneof(
      fc.record({
        op: fc.constantFrom('equals' as const, 'contains' as const, 'startswith' as const, 'endswith' as const),
        text: word,
      }),
      fc.record({
        op: fc.constantFrom('equals' as const, 'contains' as const, 'startswith' as const, 'endswith' as const),
        text: word,
        cased: fc.constant(true as const),
      }),
      fc.record({
        op: fc.constant('wildcard' as const),
        parts: fc.array(
          fc.oneof(
            word.filter((w) => w !== ''),
            fc.constantFrom(null, 0 as const),
          ),
          { minLength: 1, maxLength: 5 },
        ),
      }),
      fc.record({
        op: fc.constant('regex' as const),
        source: fc.constantFrom('a+b', '^abc?$', '(ab|ba)c', 'a.c', 'abca', '[ab]{3}', 'a(?=b)', '(a|b)+c'),
      }),
      fc.constant({ op: 'null' as const }),
      fc.constant({ op: 'exists' as const }),
      fc.record({
        op: fc.constant('fieldref' as const),
        field,
        how: fc.constantFrom('equals' as const, 'contains' as const, 'startswith' as const, 'endswith' as const),
      }),
    ),
  )
  .filter(([f, t]) => f !== null || !['null', 'exists', 'fieldref'].includes(t.op))
  .map(([f, t]): Expr => ({ kind: 'test', field: f, test: t }));
const { expr } = fc.letrec<{ expr: Expr }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      items: fc.array(tie('expr'), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant('not' as const), item: tie('expr') }),
    fc.record({
      kind: fc.constant('atLeast' as const),
      min: fc.integer({ min: 1, max: 3 }),
      items: fc.array(tie('expr'), { minLength: 1, maxLength: 4 }),
    }),
  ),
}));

test('the planned matcher agrees with the plain one on random rules and events', () => {
  fc.assert(
    fc.property(
      fc.array(expr, { minLength: 1, maxLength: 12 }),
      fc.array(fc.record({ A: value, B: value, C: value }), { minLength: 1, maxLength: 8 }),
      (conditions, events) => {
        const rules = conditions.map((condition, i): Rule => ({
          id: String(i),
          name: '',
          title: '',
          description: '',
          author: '',
          status: '',
          level: 'low',
          date: '',
          tags: [],
          references: [],
          falsepositives: [],
          logsource: {},
          condition,
          file: '',
        }));
        for (const e of events)
          assert.deepEqual(
            fires(rules, e),
            conditions.flatMap((c, i) => (matches(c, e) ? [i] : [])),
          );
      },
    ),
    { numRuns: 3000, seed: 20261123 },
  );
});

test('expressions that would backtrack without end answer in time', () => {
  for (const [source, text] of [
    ['(a+)+$', `${'a'.repeat(5000)}b`],
    ['(\\w+\\s?)*!', 'a'.repeat(20_000)],
    ['\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+', '+'.repeat(13) + 'a'.repeat(30_000)],
    ['(x+x+)+y', 'x'.repeat(3000)],
    ['.*.*.*.*x', 'a'.repeat(20_000)],
    ['(a|aa)+$', `${'a'.repeat(5000)}b`],
    ['(\\w{1,5})+x$', `${'a'.repeat(3000)}!`],
    ['(a?b?)+c$', 'ab'.repeat(3000)],
    ['(\\w|\\d)+x', '1'.repeat(3000)],
    ['(x{0,20}){0,20}y', 'x'.repeat(3000)],
    ['(?=a)\\w*\\w*\\w*x', 'a'.repeat(20_000)],
  ] as const) {
    const re = compileRegex(source, {});
    const start = performance.now();
    re.test(text);
    const ms = performance.now() - start;
    assert.ok(ms < 2000, `${source}: ${ms.toFixed(0)} ms`);
  }
});

test('an expression that may be exponential and that the linear engine cannot take over is refused', () => {
  for (const source of ['^(?=(a+)+$)b', '(?!x)(a|aa)+$', '(a)(\\1|\\1\\1)+$'])
    assert.throws(() => compileRegex(source, {}), /exponential time/);
});

test('expressions are read as PCRE reads them where JavaScript differs', () => {
  for (const [source, text, fires] of [
    ['[]a]b', ']b', true],
    ['[^]a]b', 'xb', true],
    ['[^]a]b', ']b', false],
    ['\\Aabc\\z', 'abc', true],
    ['\\Aabc\\z', 'xabc', false],
    ['abc\\Z', 'abc\n', true],
    ['(?i:AB)c', 'abc', true],
    ['(?i:AB)c', 'abC', false],
    ['(?P<x>a)b', 'ab', true],
    ['(a*)\\1b', 'b', true],
    ['(?i)\u00b5x', '\u03bcX', true],
    ['(?i)k', '\u212a', false],
    ['(?i)a.*k', 'A\u212a', false],
    ['a.*b.*c', 'a\nb c', false],
    ['a.*b.*c', 'x\naxbxc', true],
  ] as const)
    assert.equal(compileRegex(source, {}).test(text), fires, `${source} on ${JSON.stringify(text)}`);
});

test('what an expression must hold is never required of a text that matches', () => {
  const source = fc.constantFrom(
    'ab+c',
    'a(b|c)d',
    '(abc)?def',
    'x{2,3}yz',
    '(?i)HeLLo w',
    'a[bc]d{0}e',
    '\\.exe\\s+-k',
    'foo|bar|bazzz',
    '(foo|ba)r+',
    '^a.*bcd$',
    'a\\|b',
    '[^x]{3,}abc',
    '(?:abc){2}',
    'a.{30,}b',
    'x+y+z+',
    'a.*b.*c',
    '(?i)a.*\\.e.*h',
    '(a|ab)+c',
    '(?:a|b|xy)*z',
    '(a{1,3}){2,4}b',
  );
  fc.assert(
    fc.property(
      source,
      fc.string({
        unit: fc.constantFrom(
          'a',
          'b',
          'c',
          'd',
          'e',
          'x',
          'y',
          'z',
          'f',
          'o',
          'r',
          'h',
          'l',
          'w',
          ' ',
          '.',
          '|',
          'H',
          'L',
          'k',
          '-',
        ),
        maxLength: 60,
      }),
      (s, t) => {
        const flag = s.startsWith('(?i)');
        const plain = new RegExp(flag ? s.slice(4) : s, flag ? 'i' : '').test(t);
        const re = compileRegex(s, {});
        assert.equal(re.test(t), plain);
        if (plain && re.literals !== null)
          assert.ok(
            re.literals.some((l) => t.toLowerCase().includes(l)),
            `${s} on ${t} without any of ${re.literals.join()}`,
          );
      },
    ),
    { numRuns: 5000, seed: 7 },
  );
});

const HEAD =
  'title: t\nid: 5f0e0d5e-0000-4000-8000-000000000009\nstatus: test\nlogsource: {product: windows, service: security}\n';

test('aliases of YAML are what they stand for; an empty condition is none', () => {
  const read = parseRules(
    `${HEAD}detection:\n  a: &x {EventID: 4624}\n  b: *x\n  c: {LogonType: &n 3}\n  d: {KeyLength: *n}\n  condition: all of them\n`,
    'r.yml',
  );
  assert.deepEqual(read.problems, []);
  assert.equal(JSON.stringify(read.rules[0]!.condition).match(/"4624"/g)!.length, 2);
  const none = parseRules(`${HEAD}detection: {a: {EventID: 1}, condition: []}\n`, 'r.yml');
  assert.equal(none.rules.length, 0);
  assert.equal(none.problems[0]!.code, 'sigma.condition');
});

test('placeholders are text of their values, once; too many values are refused', () => {
  const rule = (v: string): string => `${HEAD}detection: {a: {Image|expand: '${v}'}, condition: a}\n`;
  const values = new Map([
    ['a', ['%a%']],
    ['b', ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']],
  ]);
  const self = parseRules(rule('%a%'), 'r.yml', { placeholders: values });
  assert.match(JSON.stringify(self.rules[0]!.condition), /%a%/);
  assert.match(parseRules(rule('%b%'.repeat(7)), 'r.yml', { placeholders: values }).problems[0]!.expected, /at most/);
});

test('a pipeline that drops all of a rule refuses it; what is left of one still matches', () => {
  const drop = (of: string): Pipeline =>
    readPipeline(
      {
        transformations: [
          { type: 'drop_detection_item', field_name_conditions: [{ type: 'include_fields', fields: [of] }] },
        ],
      },
      'p.yml',
    );
  const rule = `${HEAD}detection:\n  a: {EventID: 4624}\n  b: {LogonType: 3}\n  condition: a and b\n`;
  const left = parseRules(rule, 'r.yml', { pipelines: [drop('LogonType')] });
  assert.deepEqual(left.problems, []);
  assert.doesNotMatch(JSON.stringify(left.rules[0]!.condition), /LogonType/);
  const none = parseRules(rule, 'r.yml', { pipelines: [drop('LogonType'), drop('EventID')] });
  assert.equal(none.rules.length, 0);
  assert.match(none.problems[0]!.found, /something is left/);
  for (const bad of [
    { type: 'field_name_mapping', mapping: 'EventID' },
    { type: 'replace_string', regex: '(a+)+$', replacement: '' },
    { type: 'add_condition', conditions: 5 },
    { type: 'drop_detection_item', rule_conditions: [null] },
  ])
    assert.throws(() => readPipeline({ transformations: [bad] }, 'p.yml'), PipelineError);
});

test('the check names unknown ATT&CK tags, repetitions in repetitions, and more selections asked for than there are', () => {
  const known = { routesOf: () => null, fieldsOf: () => null };
  const of = (t: string): string[] =>
    checkRules(`${HEAD}${t}`, 'r.yml', known).map((c) => `${c.line}:${c.column} ${c.what}`);
  const tags = of(
    'tags: [attack.presistence, attack.t1059.001, attack.defense-evasion, attack.ds0005]\ndetection: {a: {EventID: 1}, condition: a}\n',
  );
  assert.deepEqual(tags.filter((t) => t.includes('ATT&CK')).length, 1);
  assert.match(
    tags.find((t) => t.includes('ATT&CK'))!,
    /^5:8 "attack\.presistence"/,
  );
  assert.ok(of("detection: {a: {Image|re: '(a+)+b'}, condition: a}\n").some((t) => t.includes('inside a repetition')));
  assert.ok(of('detection: {a1: {EventID: 1}, condition: 3 of a*}\n').some((t) => t.includes('no event can match')));
});
