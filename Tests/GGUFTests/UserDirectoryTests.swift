import GGUF
import Testing

@Suite struct UserDirectoryTests {
    @Test func theFolderFollowsTheEnvironment() {
        func path(_ environment: [String: String]) -> String? { UserDirectory.cache.path { environment[$0] } }
        #expect(path(["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/carat")
        #expect(path(["XDG_CACHE_HOME": "x", "HOME": "/h"]) == "/h/.cache/carat")
        #expect(path(["HOME": "/h"]) == "/h/.cache/carat")
        #expect(path(["XDG_CACHE_HOME": ""]) == nil)
        func state(_ environment: [String: String]) -> String? { UserDirectory.state.path { environment[$0] } }
        #expect(state(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/carat")
        #expect(state(["XDG_STATE_HOME": "s", "HOME": "/h"]) == "/h/.local/state/carat")
        #expect(state([:]) == nil)
    }
}
