"""How the engine speaks to its database: queries and writes whose texts are kept, transactions and locks, and what
differs from one database to the next. Any module of the engine may import it. It knows tables, and no rule of a game.
"""
