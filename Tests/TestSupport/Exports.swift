// Tests draw from the same seeded generators as synthetic models.
@_exported public import Synthetic
