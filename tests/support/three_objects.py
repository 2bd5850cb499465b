"""Three objects and detections of them, whose IoUs are known."""

GT = {
    'images': [{'id': 1}, {'id': 2}],
    'categories': [{'id': 1, 'name': 'a'}, {'id': 2, 'name': 'b'}],
    'annotations': [
        {'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 10, 10], 'area': 100, 'iscrowd': 0},
        {'image_id': 1, 'category_id': 2, 'bbox': [50, 0, 10, 10], 'area': 100, 'iscrowd': 0},
        {'image_id': 2, 'category_id': 1, 'bbox': [0, 0, 20, 20], 'area': 400, 'iscrowd': 0},
    ],
}
# IoU .8 on the first object, a second box on it, the wrong class on the second, IoU .5 on the third, and one unsure.
DT = [
    {'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 10, 8], 'score': 0.9},
    {'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 10, 10], 'score': 0.8},
    {'image_id': 1, 'category_id': 1, 'bbox': [50, 0, 10, 10], 'score': 0.7},
    {'image_id': 2, 'category_id': 1, 'bbox': [0, 0, 20, 10], 'score': 0.6},
    {'image_id': 1, 'category_id': 2, 'bbox': [50, 0, 10, 10], 'score': 0.01},
]
