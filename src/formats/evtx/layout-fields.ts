// Where the fields of a template's records are, by the names that Sigma and analysts use: EventData by the Name of
// each Data element, UserData by the name of each leaf, System by its element and attribute names. Asking a record for
// a field is then one look at its substitution values; no object of the record is built.
import { ELEMENT, type ElementNode, isContent, type Node, nodesText, SUBSTITUTION } from './node.js';
import { isContainer } from './tree-json.js';

/** How one value of a field is made: a constant, or a substitution. */
export interface FieldPart {
  readonly text: string;
  readonly slot: number;
}

/**
 * All fields of a template. A field has several parts where several elements have its name (unnamed Data elements are
 * the field `Data`). `children` are substitutions in element position, whose own templates add their fields.
 * `complex`: the template has a field that parts cannot tell (text and values mixed), so records of it are read
 * through their tree.
 */
export interface Layout {
  readonly system: ReadonlyMap<string, readonly FieldPart[]>;
  readonly fields: ReadonlyMap<string, readonly FieldPart[]>;
  readonly children: readonly number[];
  readonly complex: boolean;
}

/** System elements whose attribute carries what matters, under the name that Sigma rules and exports use. */
const SYSTEM_ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Provider: { Name: 'Provider_Name', Guid: 'Provider_Guid', EventSourceName: 'EventSourceName' },
  EventID: { Qualifiers: 'Qualifiers' },
  TimeCreated: { SystemTime: 'SystemTime' },
  Correlation: { ActivityID: 'ActivityID', RelatedActivityID: 'RelatedActivityID' },
  Execution: { ProcessID: 'Execution_ProcessID', ThreadID: 'Execution_ThreadID' },
  Security: { UserID: 'Security_UserID' },
};

export function fieldLayout(root: ElementNode): Layout {
  const system = new Map<string, FieldPart[]>();
  const fields = new Map<string, FieldPart[]>();
  const children: number[] = [];
  let complex = false;

  const put = (name: string, nodes: readonly Node[], into = fields): void => {
    const only = nodes.filter((n) => n.kind === SUBSTITUTION || isContent(n));
    let part: FieldPart;
    if (only.length === 1 && only[0]!.kind === SUBSTITUTION) part = { text: '', slot: only[0]!.id };
    else if (only.some((n) => n.kind === SUBSTITUTION)) {
      complex = true;
      return;
    } else part = { text: nodesText(only), slot: -1 };
    const list = into.get(name);
    if (list === undefined) into.set(name, [part]);
    else list.push(part);
  };

  const leaf = (e: ElementNode, inData: boolean): void => {
    const inner = e.children.filter((n): n is ElementNode => n.kind === ELEMENT);
    const name = e.attributes.find((a) => a.name === 'Name');
    if (inner.length === 0) {
      if (e.name === 'Data' && name !== undefined && inData) {
        if (name.value.some((n) => n.kind === SUBSTITUTION)) complex = true;
        else put(nodesText(name.value) || 'Data', e.children);
      } else put(e.name, e.children);
      return;
    }
    for (const c of e.children) {
      if (c.kind === ELEMENT) leaf(c, inData);
      else if (c.kind === SUBSTITUTION) children.push(c.id);
    }
  };

  const systemElement = (e: ElementNode): void => {
    for (const c of e.children) {
      if (c.kind !== ELEMENT) continue;
      const map = SYSTEM_ATTRIBUTES[c.name];
      for (const a of c.attributes) {
        const field = map?.[a.name];
        if (field !== undefined) put(field, a.value, system);
      }
      if (c.children.length > 0) put(c.name, c.children, system);
    }
  };

  const top = (e: ElementNode): void => {
    if (e.name === 'System') {
      systemElement(e);
      return;
    }
    if (e.name === 'RenderingInfo') {
      // What a collector rendered in its own language. The message is kept; the rest would shadow System's numbers.
      for (const c of e.children) if (c.kind === ELEMENT && c.name === 'Message') put('Message', c.children);
      return;
    }
    if (e.name === 'Event') {
      for (const c of e.children) {
        if (c.kind === ELEMENT) top(c);
        else if (c.kind === SUBSTITUTION) children.push(c.id);
      }
      return;
    }
    // A container whose only child is a value may hold BinXML: the value decides.
    if (e.children.length === 1 && e.children[0]!.kind === SUBSTITUTION && isContainer(e.name)) {
      children.push(e.children[0]!.id);
      return;
    }
    leaf(e, isContainer(e.name));
  };

  top(root);
  return { system, fields, children, complex };
}

/** These mean System even where EventData repeats the name; any other name means EventData first. */
const SYSTEM_FIRST: ReadonlySet<string> = new Set([
  'EventID',
  'Channel',
  'Computer',
  'Provider_Name',
  'EventRecordID',
  'SystemTime',
]);

/** Field names in the order System, EventData, with what each name means. */
export function mergeFields<T>(system: ReadonlyMap<string, T>, data: ReadonlyMap<string, T>): Map<string, T> {
  const out = new Map(system);
  for (const [name, value] of data) if (!(SYSTEM_FIRST.has(name) && out.has(name))) out.set(name, value);
  return out;
}

/**
 * The fields of a resolved tree, for records that no layout describes (forwarded events above all): the same names and
 * values that `fieldLayout` would give, without making a layout first.
 */
export function treeFields(root: ElementNode): Map<string, string | string[]> {
  const system = new Map<string, string | string[]>();
  const data = new Map<string, string | string[]>();
  const put = (into: Map<string, string | string[]>, name: string, text: string): void => {
    const known = into.get(name);
    if (known === undefined) into.set(name, text);
    else if (typeof known === 'string') into.set(name, [known, text]);
    else known.push(text);
  };
  const leaf = (e: ElementNode, inData: boolean): void => {
    let inner = false;
    for (const c of e.children)
      if (c.kind === ELEMENT) {
        inner = true;
        leaf(c, inData);
      }
    if (inner) return;
    const name = inData && e.name === 'Data' ? e.attributes.find((a) => a.name === 'Name') : undefined;
    put(data, name === undefined ? e.name : nodesText(name.value) || 'Data', nodesText(e.children));
  };
  const top = (e: ElementNode): void => {
    for (const c of e.children) {
      if (c.kind !== ELEMENT) continue;
      if (e.name === 'System') {
        const map = SYSTEM_ATTRIBUTES[c.name];
        if (map !== undefined)
          for (const a of c.attributes) {
            const field = map[a.name];
            if (field !== undefined) put(system, field, nodesText(a.value));
          }
        if (c.children.length > 0) put(system, c.name, nodesText(c.children));
      } else if (e.name === 'RenderingInfo') {
        if (c.name === 'Message') put(data, 'Message', nodesText(c.children));
      } else if (c.name === 'System' || c.name === 'RenderingInfo') top(c);
      else leaf(c, isContainer(c.name));
    }
  };
  if (root.name === 'Event') top(root);
  else leaf(root, isContainer(root.name));
  return mergeFields(system, data);
}
