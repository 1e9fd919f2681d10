internal import COpenMP

/// The most threads that the OpenMP runtime gives to a team, whatever is asked for: `OMP_THREAD_LIMIT` in the
/// environment sets it.
public enum ThreadLimit {
    public static var current: Int { max(1, Int(omp_get_thread_limit())) }
}
