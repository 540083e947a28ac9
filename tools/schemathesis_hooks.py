"""Bodies that Schemathesis does not know how to write: as the description has them, they are texts."""
import schemathesis

schemathesis.serializer.alias(["application/x-ndjson", "application/x-protobuf"], "text/plain")
