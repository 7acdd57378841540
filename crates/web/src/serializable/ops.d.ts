// The register needs no operation.
