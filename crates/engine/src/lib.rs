//! QuickJS as an actor: turns, deadlines, accounting, and values that cross by structured clone.
