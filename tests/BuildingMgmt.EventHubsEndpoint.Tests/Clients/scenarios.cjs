// Runs one scenario with the unmodified client and prints what it saw as one line of JSON.
// Usage: node scenarios.cjs <scenario>; the connection string comes by CONNECTION_STRING.
const { EventHubProducerClient, EventHubConsumerClient, earliestEventPosition, latestEventPosition } = require("@azure/event-hubs");

const connectionString = process.env.CONNECTION_STRING;
const hub = process.env.HUB ?? "telemetry";
const group = "$Default";
const options = { retryOptions: { maxRetries: 0, timeoutInMs: 15000 } };

const producer = (name = hub) => new EventHubProducerClient(connectionString, name, options);
const consumer = (name = hub, consumerGroup = group) => new EventHubConsumerClient(consumerGroup, connectionString, name, options);

const shape = (event) => ({
  body: event.body, sequenceNumber: event.sequenceNumber, offset: event.offset, enqueued: event.enqueuedTimeUtc?.getTime(),
  partitionKey: event.partitionKey, properties: event.properties, contentType: event.contentType, messageId: event.messageId,
  correlationId: event.correlationId,
});

// Receives from one partition until there are `count` events.
function receive(client, partition, count, startPosition, more = {}) {
  const events = [];
  return new Promise((resolve, reject) => {
    const subscription = client.subscribe(partition, {
      processEvents: async (batch, context) => {
        for (const event of batch) events.push({ ...shape(event), metric: context.lastEnqueuedEventProperties });
        if (events.length >= count) subscription.close().then(() => resolve(events), reject);
      },
      processError: async (error) => { await subscription.close(); reject(error); },
    }, { startPosition, maxWaitTimeInSeconds: 1, ...more });
  });
}

const failure = async (promise) => {
  try {
    await promise;
    return "no error";
  } catch (error) {
    return error.code ?? error.name;
  }
};

const scenarios = {
  // Everything that can be sent, and all of it back from the beginning.
  async send() {
    const sender = producer();
    const before = {};
    for (const id of await sender.getPartitionIds()) before[id] = (await sender.getPartitionProperties(id)).lastEnqueuedSequenceNumber;
    await sender.sendBatch([{
      body: { text: "plain", list: [1, 2.5, null, true] }, properties: { unit: "C", count: 3, good: true },
      contentType: "application/json", messageId: "m-1", correlationId: "c-1",
    }], { partitionId: "0" });
    const batch = await sender.createBatch({ partitionId: "0" });
    for (let i = 0; i < 100; i++) batch.tryAdd({ body: `batched ${i}` });
    await sender.sendBatch(batch);
    await sender.sendBatch([{ body: Buffer.from([0, 1, 255]) }], { partitionId: "0" });
    const client = consumer();
    const events = await receive(client, "0", 102, { sequenceNumber: before["0"], isInclusive: false }, { trackLastEnqueuedEventProperties: true });
    await client.close();
    await sender.close();
    return { first: before["0"] + 1, events };
  },

  // Where events with keys go, and where the client's own buffered producer would put them.
  async keys() {
    const { mapPartitionKeyToId } = require(require("path").join(require.resolve("@azure/event-hubs"), "../impl/partitionKeyToIdMapper.js"));
    const sender = producer();
    const ids = await sender.getPartitionIds();
    const last = async (id) => (await sender.getPartitionProperties(id)).lastEnqueuedSequenceNumber;
    const keys = Array.from({ length: 12 }, (_, i) => "gateway-" + "x".repeat(i) + i).concat(["ü", "0123456789ab", ""]).filter(Boolean);
    const placed = [];
    for (const key of keys) {
      const before = await Promise.all(ids.map(last));
      await sender.sendBatch([{ body: key }], { partitionKey: key });
      const after = await Promise.all(ids.map(last));
      const actual = after.findIndex((number, i) => number > before[i]);
      placed.push({ key, expected: mapPartitionKeyToId(key, ids.length), actual, sequenceNumber: after[actual] });
    }
    const spread = new Set();
    for (let i = 0; i < ids.length; i++) {
      const before = await Promise.all(ids.map(last));
      await sender.sendBatch([{ body: i }]);
      const after = await Promise.all(ids.map(last));
      spread.add(after.findIndex((number, n) => number > before[n]));
    }
    const client = consumer();
    const { key, actual, sequenceNumber } = placed[0];
    const events = await receive(client, String(actual), 1, { sequenceNumber, isInclusive: true });
    await client.close();
    await sender.close();
    return { placed, spread: spread.size, key, received: events.find((event) => event.body === key)?.partitionKey };
  },

  async positions() {
    const sender = producer();
    for (let i = 0; i < 10; i++) await sender.sendBatch([{ body: i }], { partitionId: "1" });
    const client = consumer();
    const all = await receive(client, "1", 10, earliestEventPosition);
    const fifth = all[5];
    const numbers = async (start) => (await receive(client, "1", 1, start)).map((event) => event.sequenceNumber)[0];
    const result = {
      fifth: fifth.sequenceNumber,
      afterOffset: await numbers({ offset: fifth.offset }),
      atOffset: await numbers({ offset: fifth.offset, isInclusive: true }),
      afterNumber: await numbers({ sequenceNumber: fifth.sequenceNumber }),
      atNumber: await numbers({ sequenceNumber: fifth.sequenceNumber, isInclusive: true }),
      afterTime: await numbers({ enqueuedOn: fifth.enqueued }),
      expectedAfterTime: all.find((event) => event.enqueued > fifth.enqueued)?.sequenceNumber,
      beyond: await failure(receive(client, "1", 1, { sequenceNumber: 1_000_000 })),
    };
    const latest = receive(client, "1", 1, latestEventPosition);
    let stop = false;
    latest.finally(() => { stop = true; });
    // The subscription attaches in its own time: go on until one arrives.
    while (!stop) {
      await sender.sendBatch([{ body: "late" }], { partitionId: "1" });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    result.latest = (await latest)[0].body;
    await client.close();
    await sender.close();
    return result;
  },

  async properties() {
    const client = consumer();
    const sender = producer();
    const empty = await client.getPartitionProperties("1");
    await sender.sendBatch([{ body: "one" }, { body: "two" }], { partitionId: "1" });
    const result = { hub: await client.getEventHubProperties(), empty, filled: await client.getPartitionProperties("1") };
    await sender.close();
    await client.close();
    return result;
  },

  // A higher epoch displaces, a lower one is refused, and so is a receiver without.
  async epoch() {
    const listen = (client, ownerLevel, onEvents) => {
      let onError;
      const failed = new Promise((resolve) => { onError = resolve; });
      const subscription = client.subscribe("2", {
        processEvents: async (events) => { for (const event of events) onEvents?.(event.body); },
        processError: async (error) => onError(error.code ?? error.name),
      }, { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1, ownerLevel });
      return { failed, subscription };
    };
    const sender = producer();
    await sender.sendBatch([{ body: "here" }], { partitionId: "2" });
    const clients = [consumer(), consumer(), consumer(), consumer()];
    let first;
    const firstReceived = new Promise((resolve) => { first = listen(clients[0], 1, resolve); });
    await firstReceived;
    let second;
    const secondReceived = new Promise((resolve) => { second = listen(clients[1], 2, resolve); });
    const displaced = await first.failed;
    await secondReceived;
    const lower = listen(clients[2], 1);
    const none = listen(clients[3], undefined);
    const result = { displaced, lower: await lower.failed, none: await none.failed };
    for (const { subscription } of [first, second, lower, none]) await subscription.close();
    for (const client of clients) await client.close();
    await sender.close();
    return result;
  },

  async unknown() {
    const sender = producer("nowhere");
    const good = producer();
    const client = consumer(hub, "nobody");
    const right = consumer();
    const result = {
      hub: await failure(sender.getEventHubProperties()),
      send: await failure(sender.sendBatch([{ body: 1 }])),
      partition: await failure(good.sendBatch([{ body: 1 }], { partitionId: "99" })),
      partitionProperties: await failure(good.getPartitionProperties("99")),
      group: await failure(receive(client, "0", 1, earliestEventPosition)),
      receive: await failure(receive(right, "99", 1, earliestEventPosition)),
    };
    for (const each of [sender, good, client, right]) await each.close();
    return result;
  },

  async unauthorized() {
    const sender = producer();
    const client = consumer();
    const [properties, send, received] = await Promise.all([
      failure(sender.getEventHubProperties()),
      failure(sender.sendBatch([{ body: 1 }])),
      failure(receive(client, "0", 1, earliestEventPosition)),
    ]);
    await sender.close();
    await client.close();
    return { properties, send, receive: received };
  },

  // The largest batch that the client lets itself build, there and back.
  async large() {
    const sender = producer();
    const batch = await sender.createBatch({ partitionId: "0" });
    const body = "x".repeat(100_000);
    while (batch.tryAdd({ body })) { /* until it is full */ }
    const before = (await sender.getPartitionProperties("0")).lastEnqueuedSequenceNumber;
    await sender.sendBatch(batch);
    const client = consumer();
    const events = await receive(client, "0", batch.count, { sequenceNumber: before });
    await client.close();
    await sender.close();
    return { limit: batch.maxSizeInBytes, bytes: batch.sizeInBytes, count: batch.count, received: events.filter((event) => event.body === body).length };
  },
};

scenarios[process.argv[2]]().then(
  (result) => console.log(JSON.stringify(result)),
  (error) => { console.error(error); process.exitCode = 1; });
