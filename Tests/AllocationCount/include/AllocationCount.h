// How often the program asked for memory, from any language and on any thread.
#pragma once

/// Calls of malloc and its kin since the start of the program; -1 where they cannot be counted.
long allocation_count(void);
