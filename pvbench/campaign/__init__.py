"""The application: what a run does, from its plan to its last record. It knows no hypervisor and no terminal."""
