import { expect, test } from 'vitest';
import { findUnreadKeys } from '../../../measure/house/find-unread-keys.ts';
import { findUnsetFields } from '../../../measure/house/find-unset-fields.ts';
import { imagineHouse } from '../../../measure/house/open-house.ts';
import { house } from './support/house.ts';
import { UNREAD_KEYS, UNSET_FIELDS } from './support/promises.ts';

test('every key of trainyard.yml is read outside core/config, but for those that are promised', () => {
  expect(findUnreadKeys(house)).toEqual(Object.keys(UNREAD_KEYS).toSorted());
});

test('every optional field of a type in core is set in production, but for those that are promised', () => {
  expect(findUnsetFields(house)).toEqual(Object.keys(UNSET_FIELDS).toSorted());
});

test('a field that no production code sets is found; one set through a spread, a helper or another type is not', () => {
  const imagined = imagineHouse({
    'core/x.ts': `
      export type Wanted = { readonly never?: number; readonly straight?: number; readonly nothing?: number };
      export type Inner = { readonly spread?: number; readonly helped?: number; readonly passed?: number };
      export type Given = { readonly passed?: number };
      export function optional<Name extends string>(name: Name, value: number): { [K in Name]?: number } | {} {
        return { [name]: value };
      }
    `,
    'actions/y.ts': `
      import { type Given, type Inner, optional, type Wanted } from '../core/x.ts';
      export function wire(given: Given, yes: boolean): [Wanted, Inner] {
        const filled: Given = { passed: 1 };
        const inner: Inner = { ...given, ...filled, ...(yes && { spread: 1 }), ...optional('helped', 1) };
        return [{ straight: 1, nothing: undefined }, inner];
      }
    `,
    'test/z.test.ts':
      "import type { Wanted } from '../core/x.ts'; export const wanted: Wanted = { never: 1 };",
  });
  expect(findUnsetFields(imagined)).toEqual(['Wanted.never', 'Wanted.nothing']);
});

test('a setting that nothing outside core/config reads is found, under whatever name its value goes on', () => {
  const imagined = imagineHouse({
    'core/config/config.ts': `
      export type Config = {
        readonly model: string;
        readonly serving: { readonly read: number; readonly renamed: number; readonly printed: number; readonly dead: number };
      };
      export function check({ serving }: Config): boolean { return serving.dead > 0; }
    `,
    'actions/y.ts': `
      import type { Config } from '../core/config/config.ts';
      function serve({ renamed }: { readonly renamed: number }): number { return renamed; }
      export function use({ model, serving }: Config): string {
        return model + serving.read + serve(serving) + JSON.stringify({ printed: serving.printed });
      }
    `,
  });
  expect(findUnreadKeys(imagined)).toEqual(['serving.dead']);
});

test('a key of the schema that becomes no setting is found, and taking a value apart is no reading of the rest', () => {
  const imagined = imagineHouse({
    'core/config/schema/schema.ts': `
      declare const z: { strictObject<T>(shape: T): T };
      export const schema = z.strictObject({ model: 'm', every: 1, forgotten: 2 });
    `,
    'core/config/config.ts': `
      import { schema } from './schema/schema.ts';
      export type Config = { readonly model: string; readonly everySeconds: number };
      export async function read(): Promise<{ readonly config: Config; readonly text: string }> {
        return { config: { model: schema.model, everySeconds: schema.every }, text: '' };
      }
    `,
    'actions/y.ts': `
      import { read } from '../core/config/config.ts';
      export async function use(): Promise<string> {
        const { config } = await read();
        return config.model;
      }
    `,
  });
  expect(findUnreadKeys(imagined)).toEqual(['everySeconds', 'the key forgotten']);
});
