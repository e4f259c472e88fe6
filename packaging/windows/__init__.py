"""Windows: the installer that IT rolls out, and the manifests by which winget finds it."""
