#!/usr/bin/env node
// Publishes any command as plain JSON and prints the events that follow:
//   node publish.mjs EXCHANGE JSON --wait EVENT [--wait EVENT …] [--show EVENT …] [--match KEY] [--timeout SECONDS]
import { parseArgs } from 'node:util';
import { main, sendAndFollow } from './bus.mjs';

await main(() => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      wait: { type: 'string', multiple: true, default: [] },
      show: { type: 'string', multiple: true, default: [] },
      match: { type: 'string' },
      timeout: { type: 'string', default: '3600' },
    },
  });
  if (positionals.length !== 2) throw new Error('give an exchange and a command: publish.mjs EXCHANGE JSON --wait EVENT');
  if (values.show.length && !values.wait.length) throw new Error('--show needs --wait, else the program never ends');
  const [exchange, json] = positionals;
  const body = JSON.parse(json);
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw new Error('the command is a JSON object');
  return sendAndFollow({ exchange, body, wait: values.wait, show: values.show, key: values.match, timeout: Number(values.timeout) });
});
