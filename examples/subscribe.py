"""Print every public event, from the first one on and as it happens: `python subscribe.py KAFKA_ADDRESS`.

It needs `pip install aiokafka` and nothing of ours. Headers that begin with `ce_` are the CloudEvents attributes,
the value is the event as JSON. Without a value, what was published about that subject is erased: forget it.
A second argument chooses other topics by a pattern, such as `initiatives\\..*`.
"""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer


async def main(kafka: str, topics: str = r"(initiatives|funding|presence|notifications)\.[.\w]+$") -> None:
    """Subscribe and print, until Ctrl-C."""
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        consumer.subscribe(pattern=topics)
        async for record in consumer:
            event = {name: value.decode() for name, value in record.headers}
            print(event["ce_type"], event["ce_subject"], (record.value or b"erased").decode(), flush=True)


asyncio.run(main(*sys.argv[1:]))
