// The shapes the pages count on against the description the program makes of itself.
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'

type Schema = { type?: string | string[]; properties?: Record<string, Schema>; required?: string[]; $ref?: string; oneOf?: Schema[]; items?: Schema }

const here = (path: string) => new URL(path, import.meta.url)
const { schemas } = (JSON.parse(readFileSync(here('../../../docs/reference/openapi.json'), 'utf8')) as { components: { schemas: Record<string, Schema> } })
  .components
const sources = readdirSync(here('./types')).map((name) =>
  ts.createSourceFile(name, readFileSync(here(`./types/${name}`), 'utf8'), ts.ScriptTarget.Latest),
)

/** Where the pages say a shape otherwise than the program. */
const NAMES: Record<string, string> = {
  Thresholds: 'ThresholdsView',
  ForecastOutlook: 'LineView',
  ResourceHistory: 'HistoryView',
  ResourceMaking: 'ResourceDetail',
}
/** Shapes that are in no answer of their own. */
const OWN: ReadonlySet<string> = new Set(['Labels', 'ErrorBody', 'ChangedEvent', 'Status', 'LoadReport', 'RequestFigures', 'Taken', 'Times'])

type Shape = { name: string; fields: ts.PropertySignature[] }

const shapes: Shape[] = []
for (const source of sources) {
  source.forEachChild((node) => {
    if (!ts.isTypeAliasDeclaration(node) || !ts.isTypeLiteralNode(node.type) || OWN.has(node.name.text)) return
    shapes.push({ name: node.name.text, fields: node.type.members.filter(ts.isPropertySignature) })
  })
}

test('there are shapes to look at', () => {
  expect(shapes.length).toBeGreaterThan(20)
})

test.each(shapes)('$name is as the program describes it', ({ name, fields }) => {
  const schema = schemas[NAMES[name] ?? name]
  const found = schema ? contradictions(fields, schema) : ['there is no such schema']
  // What is sent may say more than it must.
  expect(name.endsWith('Wish') ? found.filter((text) => !text.endsWith('may be missing')) : found).toEqual([])
})

function contradictions(fields: readonly ts.PropertySignature[], schema: Schema): string[] {
  const found: string[] = []
  for (const field of fields) {
    const name = (field.name as ts.Identifier).text
    const own = schema.properties?.[name]
    if (!own) {
      found.push(`${name}: the program sends no such field`)
      continue
    }
    const parts = partsOf(field.type)
    const open = field.questionToken !== undefined || parts.includes('null')
    const always = schema.required?.includes(name) ?? false
    if (always && open) found.push(`${name}: it is always there`)
    if (!always && !open) found.push(`${name}: it may be missing`)
    const kinds = kindsOf(own)
    for (const kind of parts) {
      if (kind !== 'null' && kind !== 'named' && !kinds.includes(kind)) found.push(`${name}: ${kind}, but the program says ${kinds.join(' or ')}`)
    }
    if (field.type && ts.isTypeLiteralNode(field.type) && own.properties) {
      found.push(...contradictions(field.type.members.filter(ts.isPropertySignature), own).map((text) => `${name}.${text}`))
    }
  }
  return found
}

function partsOf(type: ts.TypeNode | undefined): string[] {
  if (!type) return []
  if (ts.isUnionTypeNode(type)) return type.types.flatMap(partsOf)
  if (ts.isArrayTypeNode(type) || ts.isTupleTypeNode(type)) return ['array']
  if (ts.isTypeLiteralNode(type)) return ['object']
  if (ts.isLiteralTypeNode(type)) return [type.literal.kind === ts.SyntaxKind.NullKeyword ? 'null' : 'string']
  switch (type.kind) {
    case ts.SyntaxKind.StringKeyword:
      return ['string']
    case ts.SyntaxKind.NumberKeyword:
      return ['number']
    case ts.SyntaxKind.BooleanKeyword:
      return ['boolean']
    default:
      return ['named']
  }
}

function kindsOf(schema: Schema): string[] {
  if (schema.$ref) return ['object']
  if (schema.oneOf) return schema.oneOf.flatMap(kindsOf)
  return [schema.type ?? 'object'].flat().map((kind) => (kind === 'integer' ? 'number' : kind))
}
