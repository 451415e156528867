"""The stack: hypervisor, kernels, backends, device model and tools of a host, deployed, verified, rolled back.

`grammar` reads stacks.yaml into a Stack, what is asked; `build` resolves that for a host into a StackManifest, what
exactly it is, with its digest; `deploy` makes a host run it in steps, each a program of hostside/, and `rollback`
undoes them.
"""
