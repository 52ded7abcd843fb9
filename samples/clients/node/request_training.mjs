#!/usr/bin/env node
// Asks for a training over the bus and prints its events until it ends:
//   node request_training.mjs --name cnn --input fashion --output fashion-cnn --script samples/training/cnn.py --param epochs=3
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { main, sendAndFollow } from './bus.mjs';

const event = (name) => `eventml.training.${name}`;

await main(() => {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      input: { type: 'string' },
      output: { type: 'string' },
      script: { type: 'string' },
      param: { type: 'string', multiple: true, default: [] },
      'task-id': { type: 'string', default: `train-${randomUUID().replaceAll('-', '')}` },
      timeout: { type: 'string', default: '3600' },
    },
  });
  const { name, input, output, script } = values;
  if (!name || !input || !output || !script) throw new Error('give --name, --input DATASET, --output MODEL and --script PATH');
  return sendAndFollow({
    exchange: event('request-training'),
    body: { taskId: values['task-id'], name, input, script, params: Object.fromEntries(values.param.map(parameter)), output },
    wait: ['training-completed', 'training-failed', 'training-rejected'].map(event),
    show: ['training-requested', 'training-started', 'epoch-completed'].map(event),
    timeout: Number(values.timeout),
  });
});

function parameter(text) {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--param takes KEY=VALUE, not '${text}'`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value)];
  } catch {
    return [text.slice(0, at), value];
  }
}
