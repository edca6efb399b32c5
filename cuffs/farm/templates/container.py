"""A container recipe for render nodes: Docker and Podman read it, Apptainer converts what they build."""

TEMPLATE = """\
# Render nodes of cuffs {version}. Build where the project's folder is: docker build -t cuffs -f Containerfile .
# GPUs: docker run --gpus all; the driver comes from the host.
# Apptainer: apptainer build cuffs.sif docker-daemon:cuffs:latest
FROM python:3.11-slim-bookworm

# What bpy links to beside Python, even without a display.
# hadolint ignore=DL3008
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends \\
       libegl1 libgl1 libice6 libsm6 libx11-6 libxfixes3 libxi6 libxkbcommon0 libxrender1 libxxf86vm1 \\
    && rm -rf /var/lib/apt/lists/*

COPY . /opt/cuffs
# Extras of this project alone; versions are those of constraints.txt.
RUN pip install --no-cache-dir --constraint /opt/cuffs/constraints.txt "/opt/cuffs[render,farm]"

# NVIDIA's runtime hands out compute alone unless asked; OptiX needs graphics too.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility
RUN useradd --create-home --uid 1000 render
USER 1000
ENTRYPOINT ["cuffs"]
"""


def container_recipe(version: str) -> str:
    """The recipe.

    Args:
        version: of this program.
    """
    return TEMPLATE.format(version=version)
