/** A change of a Prisma schema, on top of those before it. */
export interface Change {
  readonly name: string
  readonly change: (schema: string) => string
  /** SQL by hand, as `new` leaves room for it: what a Prisma schema cannot say. */
  readonly byHand?: { readonly up: string; readonly down: string; readonly rows?: string }
  /** The rules and problems that say what is left to do by hand; none where the files are ready to be deployed. */
  readonly toDo?: readonly string[]
}

const add = (model: string, line: string) => (schema: string) =>
  schema.replace(new RegExp(`(model ${model} \\{\n)`), `$1  ${line}\n`)
const swap = (from: string, to: string) => (schema: string) => {
  if (!schema.includes(from)) throw new Error(`the schema has no ${from}`)
  return schema.replace(from, to)
}
const all =
  (...changes: readonly ((schema: string) => string)[]) =>
  (schema: string) =>
    changes.reduce((each, change) => change(each), schema)

export const START = `datasource db {
  provider = "postgresql"
}
enum Mood {
  calm
  busy
}
model User {
  id    String @id @db.Uuid
  email String
  nick  String?
  mood  Mood @default(calm)
  age   Int?
  notes Note[]
  @@map("users")
}
model Note {
  id     String @id @db.Uuid
  userId String @map("user_id") @db.Uuid
  title  String
  legacy String?
  user   User @relation(fields: [userId], references: [id])
  @@index([userId])
  @@map("notes")
}
model Event {
  id   Int
  day  DateTime @db.Date
  kind String
  @@id([id, day])
  @@map("events")
}
`

/** More than twenty kinds of change. */
export const CHANGES: readonly Change[] = [
  { name: 'add_column', change: add('User', 'phone String?') },
  { name: 'add_column_with_default', change: add('User', 'score Int @default(0)') },
  { name: 'add_now', change: add('Note', 'createdAt DateTime @default(now()) @map("created_at") @db.Timestamptz(3)') },
  { name: 'add_array_and_json', change: all(add('Note', 'tags String[] @default([])'), add('Note', 'meta Json?')) },
  { name: 'new_enum', change: all((schema) => `${schema}enum Kind {\n  a\n  b\n}\n`, add('Note', 'kind Kind?')) },
  { name: 'enum_value', change: swap('  busy\n', '  busy\n  wild\n') },
  {
    name: 'enum_value_used',
    change: all(swap('  wild\n', '  wild\n  shy\n'), swap('@default(calm)', '@default(shy)')),
  },
  { name: 'add_index', change: add('Note', '@@index([title])') },
  { name: 'drop_index', change: swap('  @@index([title])\n', '') },
  { name: 'add_unique', change: swap('email String\n', 'email String @unique\n') },
  { name: 'index_on_partitioned', change: add('Event', '@@index([kind])') },
  {
    name: 'new_table',
    change: all(
      (schema) =>
        `${schema}model Tag {\n  id     Int @id @default(autoincrement())\n  userId String @map("user_id") @db.Uuid\n  label  String\n  at     DateTime @db.Timestamptz(3)\n  user   User @relation(fields: [userId], references: [id])\n  @@index([userId])\n  @@map("tags")\n}\n`,
      add('User', 'tagged Tag[]'),
    ),
  },
  {
    name: 'two_tables',
    change: (schema) =>
      `${schema}model Shop {\n  id    Int @id\n  name  String\n  items Item[]\n  @@map("shops")\n}\nmodel Item {\n  id     Int @id\n  shopId Int @map("shop_id")\n  price  Decimal @db.Decimal(8, 2)\n  shop   Shop @relation(fields: [shopId], references: [id])\n  @@index([shopId])\n  @@map("items")\n}\n`,
  },
  {
    name: 'add_foreign_key',
    change: all(
      add('Note', 'editorId String? @map("editor_id") @db.Uuid'),
      add('Note', 'editor User? @relation("edited", fields: [editorId], references: [id])'),
      add('User', 'edited Note[] @relation("edited")'),
    ),
  },
  { name: 'set_required', change: swap('nick  String?', 'nick  String') },
  { name: 'set_default', change: swap('title  String\n', 'title  String @default("untitled")\n') },
  { name: 'widen', change: swap('price  Decimal @db.Decimal(8, 2)', 'price  Decimal @db.Decimal(10, 2)') },
  {
    name: 'extension',
    change: swap('  provider = "postgresql"\n', '  provider = "postgresql"\n  extensions = [citext]\n'),
  },
  {
    name: 'view',
    change: (schema) => schema,
    byHand: {
      up: 'CREATE VIEW titles WITH (security_invoker = true) AS SELECT id, title FROM notes;',
      down: 'DROP VIEW titles;',
    },
  },
  {
    name: 'check',
    change: (schema) => schema,
    byHand: {
      up: "ALTER TABLE notes ADD CONSTRAINT titled CHECK (title <> '') NOT VALID;",
      down: 'ALTER TABLE notes DROP CONSTRAINT titled;',
    },
  },
  { name: 'rename_in_code', change: swap('label  String', 'caption String @map("label")') },
  {
    name: 'change_action',
    change: swap('fields: [userId], references: [id])', 'fields: [userId], references: [id], onDelete: Cascade)'),
  },
  {
    name: 'refer_to_itself',
    change: all(
      add('Note', 'parentId String? @map("parent_id") @db.Uuid'),
      add('Note', 'parent Note? @relation("above", fields: [parentId], references: [id])'),
      add('Note', 'children Note[] @relation("above")'),
    ),
  },
  {
    name: 'many_to_many',
    change: all(
      (schema) =>
        `${schema}model Label {\n  id    Int @id @default(autoincrement())\n  notes Note[]\n  @@map("labels")\n}\n`,
      add('Note', 'labels Label[]'),
    ),
  },
  { name: 'number_by_itself', change: swap('age   Int?', 'age   Int @default(autoincrement())') },
  { name: 'unique_on_partitioned', change: add('Event', '@@unique([day, kind])') },
  { name: 'gin_index', change: add('Note', '@@index([meta], type: Gin)') },
  { name: 'drop_default', change: swap('title  String @default("untitled")\n', 'title  String\n') },
  { name: 'many_enum_values', change: add('Note', 'moods Mood[]') },
  { name: 'drop_unique', change: swap('email String @unique\n', 'email String\n') },
  { name: 'no_change', change: (schema) => schema },
  {
    name: 'exclusion',
    change: (schema) => schema,
    byHand: {
      up: 'ALTER TABLE items ADD CONSTRAINT one_price EXCLUDE (price WITH =);',
      down: 'ALTER TABLE items DROP CONSTRAINT one_price;',
    },
    toDo: ['disallowed-unique-constraint'],
  },
  {
    name: 'generated_column',
    change: (schema) => schema,
    byHand: {
      up: 'ALTER TABLE items ADD COLUMN gross numeric GENERATED ALWAYS AS (price * 2) STORED;',
      down: 'ALTER TABLE items DROP COLUMN gross;',
    },
    toDo: ['adding-field-with-default'],
  },
  {
    name: 'composite_type',
    change: (schema) => schema,
    byHand: {
      up: 'CREATE TYPE place AS (x int, y int); ALTER TABLE items ADD COLUMN shelf place;',
      down: 'ALTER TABLE items DROP COLUMN shelf; DROP TYPE place;',
      rows: 'UPDATE items SET shelf = ROW(1, 2);',
    },
    toDo: ['loss not declared'],
  },
  { name: 'drop_required', change: swap('  name  String\n  items', '  items'), toDo: ['ban-drop-column'] },
  { name: 'drop_column', change: swap('  legacy String?\n', ''), toDo: ['ban-drop-column', 'dropped-column-in-use'] },
  { name: 'rename_column', change: swap('phone String?', 'mobile String?'), toDo: ['ban-drop-column'] },
  { name: 'add_required', change: add('Item', 'sku String'), toDo: ['adding-required-field', 'up failed'] },
]
