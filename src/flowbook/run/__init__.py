"""Making it happen: a pure core that decides, an asyncio rim that acts."""
