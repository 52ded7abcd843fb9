"""What a Python script of EventMl may use: the job, Arrow files and safetensors, all on numpy alone."""

from .job import Cancelled, Job

__all__ = ["Cancelled", "Job"]
