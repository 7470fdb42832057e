"""The whole way once: command, outbox, relay, Kafka, consumer, projection."""

from uuid import uuid4

from tests.shared.rig import Shed


async def test_what_a_command_records_reaches_the_projection(shed: Shed) -> None:
    tool = uuid4()
    async with shed.runtime(role="worker"):
        for _ in range(3):
            await shed.lend(tool)
        await shed.until_applied({tool: 3})


async def test_a_process_of_its_own_does_the_same(shed: Shed) -> None:
    tool = uuid4()
    await (await shed.worker()).ready()
    await shed.lend(tool)
    await shed.until_applied({tool: 1})
