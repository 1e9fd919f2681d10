#pragma once
// Where the calling thread runs. Elsewhere than on Linux there are no such masks, and nothing happens.

/// Cores that it may run on; 0 where the system does not say.
int carat_allowed_cores(void);

/// Moves it to one of those cores, by their order, and lets it go anywhere again. Without so many cores nothing happens.
void carat_visit_core(int number);
