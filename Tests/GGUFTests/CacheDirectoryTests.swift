import GGUF
import Testing

@Suite struct CacheDirectoryTests {
    @Test func theFolderFollowsTheEnvironment() {
        func path(_ environment: [String: String]) -> String? { CacheDirectory.path { environment[$0] } }
        #expect(path(["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/carat")
        #expect(path(["XDG_CACHE_HOME": "x", "HOME": "/h"]) == "/h/.cache/carat")
        #expect(path(["HOME": "/h"]) == "/h/.cache/carat")
        #expect(path(["XDG_CACHE_HOME": ""]) == nil)
    }
}
