"""Samples named in code: hover over a file name below to see its picture with the last attribution over it."""

from pathlib import Path

# Two digits that share strokes. Explain "5", then "3": does each map stay on its own digit?
TWO_DIGITS = "scenes/0007.png"

# A picture whose digits are hard to read, for comparison.
HARD_TO_READ = "scenes/0001.png"

# Select the text between the quotes and choose "Pathlight: Explain Selection as Text".
QUESTION = "Which country would you visit to see Machu Picchu, please?"


def load_scene(path: str = TWO_DIGITS):
    """Grey levels of a picture in [0, 1], shape (48, 48, 1): what the model `digit-scenes` reads."""
    import numpy as np
    from PIL import Image

    folder = Path(__file__).parent
    grey = np.asarray(Image.open(folder / path).convert("L"), dtype=np.float32) / 255
    return grey[..., np.newaxis]


def all_scenes() -> list[str]:
    folder = Path(__file__).parent
    return sorted(str(file.relative_to(folder)) for file in folder.glob("scenes/*.png"))


if __name__ == "__main__":
    scene = load_scene("scenes/0007.png")
    print(scene.shape, scene.min(), scene.max(), len(all_scenes()), "scenes")
