// The platform's bus for any Node program: plain JSON commands out, events in.
// The address is in EVENTML_RABBITMQ: amqp://user:password@host:port/vhost.
import { randomUUID } from 'node:crypto';
import amqp from 'amqplib';

const bad = /-(failed|rejected|refused)$/;

/** Sends a command and prints the events that follow; 0 when a waited event says it went well, 1 when not, 2 when it never came. */
export async function sendAndFollow({ exchange, body, wait = [], show = [], key, timeout = 3600 }) {
  const address = process.env.EVENTML_RABBITMQ;
  if (!address) throw new Error('EVENTML_RABBITMQ is not set; it looks like amqp://user:password@127.0.0.1:5672/');
  key ??= ['taskId', 'serviceId'].find((name) => name in body);

  const connection = await amqp.connect(address).catch((error) => {
    throw new Error(`No broker at ${new URL(address).host} (${error.message || error.code}); start the platform with ./eventml up`);
  });
  const broken = new Promise((_, reject) => connection.on('error', reject));
  broken.catch(() => {});
  try {
    const channel = await connection.createConfirmChannel();
    let refusal;
    channel.on('error', (error) => { refusal = error; });
    const following = wait.length + show.length > 0 ? await follow(channel, { body, wait, show, key, timeout }) : { ended: 0 };
    const user = decodeURIComponent(new URL(address).username) || 'guest';
    await publish(channel, exchange, body, user).catch((error) => { throw refusal ?? error; });
    return await Promise.race([following.ended, broken]);
  } finally {
    await connection.close().catch(() => {});
  }
}

// Bound before the command goes out, so that not even the first event is missed.
async function follow(channel, { body, wait, show, key, timeout }) {
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
  for (const name of [...show, ...wait]) await channel.bindQueue(queue, name, '');
  let end;
  const ended = new Promise((resolve) => { end = resolve; });
  const timer = setTimeout(() => {
    console.error(`No ${wait.join(' or ')} within ${timeout} seconds.`);
    end(2);
  }, timeout * 1000).unref();
  await channel.consume(queue, (delivery) => {
    if (!delivery) return end(2);
    const event = JSON.parse(delivery.content.toString()).message; // MassTransit's envelope holds the record here
    if (key && event[key] !== body[key]) return;
    console.log(`${delivery.fields.exchange} ${JSON.stringify(event)}`);
    if (wait.includes(delivery.fields.exchange)) end(bad.test(delivery.fields.exchange) ? 1 : 0);
  }, { noAck: true });
  // Inside an object, since an async function would wait for a promise it returns.
  return { ended: ended.finally(() => clearTimeout(timer)) };
}

async function publish(channel, exchange, body, userId) {
  const messageId = randomUUID();
  console.log(`${exchange} ${messageId}`);
  const returned = new Promise((_, reject) => channel.once('return', () => reject(new Error(`Nobody takes commands at ${exchange}; is a worker of that area set up?`))));
  const confirmed = new Promise((resolve, reject) => channel.publish(
    exchange, '', Buffer.from(JSON.stringify(body)),
    // The broker checks userId against the account, so the ledger can believe it.
    { contentType: 'application/json', messageId, userId, persistent: true, mandatory: true },
    (error) => (error ? reject(error) : resolve())));
  await Promise.race([returned, confirmed]);
}

/** Runs a program of this folder and turns errors into one line. */
export async function main(run) {
  try {
    process.exitCode = await run();
  } catch (error) {
    console.error(`error: ${error.message || error.code || error}`);
    process.exitCode = 1;
  }
}
