// What Prisma's formatter and validator say of schema files. See README.md.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.env.PRISMA_ORACLE_PACKAGES, 'package.json'));
const language = require('@prisma/prisma-schema-wasm');

const format = (file, text) => {
  const options = { textDocument: { uri: `file:/${file}` }, options: { tabSize: 2, insertSpaces: true } };
  return JSON.parse(language.format(JSON.stringify([[file, text]]), JSON.stringify(options)))[0][1];
};

// Errors with their lines, in the order of the file. Where the data is does not belong into a schema
// since Prisma 7; that is no mistake here.
const lint = (file, text) => {
  const noConnection = text.split('\n')
    .map((line) => (/^\s*(url|directUrl|shadowDatabaseUrl)\s*=/.test(line) ? '' : line)).join('\n');
  return JSON.parse(language.lint(JSON.stringify([[file, noConnection]])))
    .filter((found) => !found.is_warning)
    .map(({ start, text: message }) => ({ line: noConnection.slice(0, start).split('\n').length, message }))
    .sort((a, b) => a.line - b.line);
};

// One line of JSON a file.
export const answers = (mode, files) => {
  const ask = { format, lint }[mode];
  return files.map((file) => `${JSON.stringify(ask(file, fs.readFileSync(file, 'utf8')))}\n`).join('');
};
