/** What the peers need from PyPI. requests is of deepctr-torch, which does not say so. */
export const PACKAGES = ['torch', 'numpy', 'pandas', 'polars', 'pyarrow', 'deepctr-torch', 'requests'];
