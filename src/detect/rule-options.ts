// What changes how rules are read: processing pipelines, and values for placeholders.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createRequire } from 'node:module';
import { type Diagnostic, diagnostic } from '../base/index.js';
import { type Pipeline, PipelineError, readPipeline } from '../sigma/pipeline.js';
import { ConditionError } from '../sigma/condition.js';
import type { ParseOptions } from '../sigma/parse.js';

const require = createRequire(import.meta.url);

export interface RuleOptions {
  /** Files with processing pipelines in pySigma's form. */
  readonly pipelines?: readonly string[];
  /** Files with values for placeholders: YAML (`name: [values]`), or a text file a placeholder, a value a line; or folders of them. */
  readonly placeholders?: readonly string[];
}

/** Reads them. `key` changes with their content. */
export function readOptions(o: RuleOptions): {
  readonly parse: ParseOptions;
  readonly key: string;
  readonly problems: readonly Diagnostic[];
} {
  const problems: Diagnostic[] = [];
  const pipelines: Pipeline[] = [];
  const placeholders = new Map<string, readonly string[]>();
  let key = '';
  if ((o.pipelines ?? []).length + (o.placeholders ?? []).length === 0) return { parse: {}, key, problems };
  const { parse } = require('yaml') as typeof import('yaml');
  const read = (file: string): string | null => {
    try {
      const text = readFileSync(file, 'utf8');
      key += `${basename(file)}\0${text}\0`;
      return text;
    } catch (e) {
      const found = (e as NodeJS.ErrnoException).code ?? 'error';
      problems.push(diagnostic('source.unreadable', 'error', { file }, 'a file that can be read', found));
      return null;
    }
  };
  const bad = (file: string, expected: string, found: string): void =>
    void problems.push(diagnostic('sigma.pipeline', 'error', { file }, expected, found));
  for (const file of o.pipelines ?? []) {
    const text = read(file);
    if (text === null) continue;
    try {
      const p = readPipeline(parse(text, { maxAliasCount: 100 }), basename(file));
      pipelines.push(p);
      for (const part of p.ignored)
        problems.push(
          diagnostic(
            'sigma.pipeline',
            'warning',
            { file },
            'transformations of rules',
            `${part}, which make query text`,
            'it is left out: here rules are matched',
          ),
        );
    } catch (e) {
      if (e instanceof PipelineError) bad(file, e.message, 'something else');
      else if (e instanceof ConditionError) bad(file, 'an expression over its conditions', e.message);
      else bad(file, 'a processing pipeline as YAML', (e as Error).message.split('\n')[0]!);
    }
  }
  for (const path of o.placeholders ?? []) {
    let files = [path];
    try {
      if (statSync(path).isDirectory())
        files = readdirSync(path)
          .sort()
          .map((n) => join(path, n));
    } catch {
      // told when it is read
    }
    for (const file of files) {
      const text = read(file);
      if (text === null) continue;
      if (!/\.ya?ml$/i.test(file)) {
        const values = text.split(/\r?\n/).filter((l) => l !== '' && !l.startsWith('#'));
        placeholders.set(basename(file).replace(/\.[^.]*$/, ''), values);
        continue;
      }
      try {
        const v = parse(text, { maxAliasCount: 100 }) as unknown;
        if (typeof v !== 'object' || v === null || Array.isArray(v))
          bad(file, 'a map of placeholders and their values', 'something else');
        else
          for (const [name, values] of Object.entries(v as Record<string, unknown>)) {
            if ((Array.isArray(values) ? values : [values]).some((x) => x === null || typeof x === 'object')) {
              bad(file, `texts for the placeholder ${name}`, 'something else');
              continue;
            }
            placeholders.set(
              name,
              (Array.isArray(values) ? values : [values]).map((x) => String(x)),
            );
          }
      } catch (e) {
        bad(file, 'a map of placeholders and their values as YAML', (e as Error).message.split('\n')[0]!);
      }
    }
  }
  return { parse: { pipelines, placeholders }, key, problems };
}
