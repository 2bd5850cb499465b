"""This package against the published formulas, torchvision and pycocotools: time and memory."""
