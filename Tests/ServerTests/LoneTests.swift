import Testing

/// Tests with servers of their own: one after the other, so that they measure the server and not each other.
@Suite(.serialized) enum LoneTests {}
