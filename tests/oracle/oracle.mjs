// What Prisma's own schema engine says. See README.md.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

// 1 is 'could not ask', as opposed to 2, 'asked, and it differs'.
process.on('uncaughtException', (error) => {
  console.error(`prisma-oracle: ${error.message}`);
  process.exit(1);
});

// process.exit drops what a pipe has not taken yet.
const end = (text, code) => new Promise(() => { process.stdout.write(text, () => process.exit(code)); });

if (['format', 'lint'].includes(process.argv[2])) {
  const { answers } = await import('./schema-language.mjs');
  await end(answers(process.argv[2], process.argv.slice(3)), 0);
}

const packages = process.env.PRISMA_ORACLE_PACKAGES;
const require = createRequire(path.join(packages, 'package.json'));
const engineDir = path.join(packages, 'node_modules/@prisma/schema-engine-wasm');
const engine = await import(path.join(engineDir, 'schema_engine_bg.js'));
const { PrismaPg } = require('@prisma/adapter-pg');
const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils');

const wasm = new WebAssembly.Instance(
  new WebAssembly.Module(fs.readFileSync(path.join(engineDir, 'schema_engine_bg.wasm'))),
  { './schema_engine_bg.js': engine },
);
engine.__wbg_set_wasm(wasm.exports);
wasm.exports.__wbindgen_start();

const usage = `usage: prisma-oracle script|exit FROM TO      FROM, TO: empty | url | FILE.prisma
       prisma-oracle each                       reads {"mode", "from", "to", "url"} a line, answers {"code", "stdout"} a line
       prisma-oracle deploy|status DIRECTORY    a prisma/migrations directory
       prisma-oracle format|lint FILE.prisma...`;
const [mode, from, to] = process.argv.slice(2);
const wellFormed = mode === 'each' || (['script', 'exit'].includes(mode) ? from && to : ['deploy', 'status'].includes(mode) && from);
if (!wellFormed) {
  console.error(usage);
  process.exit(64);
}
// The engine takes the connection from the adapter, so the schema must not name one. Preview features
// come and go with Prisma's versions; of those there are, these two change what a schema may say.
const schemaText = (file) =>
  fs.readFileSync(file, 'utf8').split('\n')
    .filter((line) => !/^\s*(url|directUrl|shadowDatabaseUrl|extensions|previewFeatures)\s*=/.test(line)
      || /"(partialIndexes|views)"/.test(line))
    .join('\n');
const anyDatasource = { path: 'schema.prisma', content: 'datasource db { provider = "postgresql" }' };
const target = (t) => {
  if (t === 'empty') return { tag: 'empty' };
  if (t === 'url') return { tag: 'schemaDatasource', files: [anyDatasource], configDir: '.' };
  return { tag: 'schemaDatamodel', files: [{ path: t, content: schemaText(t) }] };
};
const filters = { externalTables: [], externalEnums: [] };
const engineFor = (connectionString, datamodel) => {
  const schema = /[?&]schema=([^&]+)/.exec(connectionString)?.[1]; // as Prisma's own URLs name it
  const adapter = bindMigrationAwareSqlAdapterFactory(
    new PrismaPg({ connectionString }, schema ? { schema: decodeURIComponent(schema) } : undefined));
  return engine.SchemaEngine.new(
    { datamodels: datamodel ? [[datamodel, schemaText(datamodel)]] : undefined }, () => {}, adapter);
};
const differences = async ({ mode, from, to, url }) => {
  const prisma = await engineFor(url, [from, to].find((t) => t.endsWith('.prisma')));
  const { stdout, exitCode } = await prisma.diff(
    { from: target(from), to: target(to), script: mode === 'script', exitCode: true, filters });
  return { stdout: stdout ?? '', code: mode === 'exit' ? exitCode : 0 };
};

if (mode === 'each') {
  let answers = '';
  for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const answer = await differences(JSON.parse(line)).catch((error) => ({ code: 1, stdout: error.message }));
    answers += `${JSON.stringify(answer)}\n`;
  }
  await end(answers, 0);
}
const url = process.env.DATABASE_URL;
if (!url) {
  console.error('prisma-oracle: set DATABASE_URL; the engine connects even to write a script');
  process.exit(64);
}
if (mode === 'deploy' || mode === 'status') {
  const prisma = await engineFor(url);
  const baseDir = path.resolve(from);
  const lockfile = path.join(baseDir, 'migration_lock.toml');
  const migrationsList = {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: fs.existsSync(lockfile) ? fs.readFileSync(lockfile, 'utf8') : null },
    shadowDbInitScript: '',
    migrationDirectories: fs.readdirSync(baseDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort()
      .map((name) => ({ path: name, migrationFile: { path: 'migration.sql', content: {
        tag: 'ok', value: fs.readFileSync(path.join(baseDir, name, 'migration.sql'), 'utf8') } } })),
  };
  if (mode === 'deploy') {
    const { appliedMigrationNames } = await prisma.applyMigrations({ migrationsList, filters });
    await end(`${appliedMigrationNames.length ? `applied ${appliedMigrationNames.join(' ')}` : 'No pending migrations to apply.'}\n`, 0);
  }
  const found = await prisma.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters });
  const clean = found.hasMigrationsTable && !found.history && !found.editedMigrationNames.length && !found.failedMigrationNames.length;
  await end(`${JSON.stringify(found)}\n`, clean ? 0 : 2);
}
const { stdout, code } = await differences({ mode, from, to, url });
await end(stdout, code);
