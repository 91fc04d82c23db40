"""A second engine, slow and readable: what ``engine.md`` says, word by word. The fast one has to agree with it."""
