"""Why it went wrong: probes measure Evidence, pure rules turn Evidence into a Verdict."""
